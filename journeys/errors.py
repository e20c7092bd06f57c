"""Refusals of what spans the stages."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class AlreadyGiven(DomainError):
    """Prizes are given or a result is fixed; a decision before it cannot be taken back."""

    code = "already_given"
    message = _("This can no longer be taken back: the entry has its result already.")


class AlreadyTold(DomainError):
    """The entrant was written to about the decision."""

    code = "already_told"
    message = _("This can no longer be taken back: the entrant has been written to.")
