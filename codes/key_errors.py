"""Refusals while keys are changed."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class RotationRunning(DomainError):
    code = "rotation_running"
    message = _("The key is being changed already. Please wait until that is done.")


class IndexKeyNeeded(DomainError):
    """An index key may not go: `needed` tells by table how much needs it, and until when."""

    code = "index_key_needed"
    message = _("This index key is still needed. What was indexed under it would not be found any more.")


class MasterKeyNeeded(DomainError):
    """A master key may not go: `needed` counts by table what is still sealed under it."""

    code = "master_key_needed"
    message = _("This key is still needed. Please let the change of the master key run to its end first.")
