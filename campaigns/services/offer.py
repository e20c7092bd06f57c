"""What later stages say about a prize."""

from campaigns.models import Prize


def mark_allocated(*, prize_id: int, is_allocated: bool) -> None:
    """Note whether the stock of a prize is divided among places, so that issuing need not look for shares."""
    Prize.objects.filter(pk=prize_id).update(is_allocated=is_allocated)
