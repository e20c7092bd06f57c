"""Who may act: agencies, people, keys, the trail. Each file registers its own models."""

from accounts.admin import keys, machinery, people, trail

__all__ = ["keys", "machinery", "people", "trail"]
