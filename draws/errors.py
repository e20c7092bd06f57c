"""Refusals about results and draws."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NotAccepted(DomainError):
    code = "entry_not_accepted"
    message = _("Only an accepted entry can take part.")


class CapReached(DomainError):
    code = "cap_reached"
    message = _("All prizes of this course have been given.")


class CandidatesChanged(DomainError):
    """The number of entries is no longer what the operator saw in the preview."""

    code = "candidates_changed"
    message = _("The number of entries has changed since the preview. Please check the preview again.")


class NotLate(DomainError):
    """Only an entry accepted after its campaign's draw can be given a prize by hand, out of its campaign's courses."""

    code = "entry_not_late"
    message = _("A prize can be given by hand only to an accepted entry whose campaign was drawn before.")


class DrawNotPossible(DomainError):
    code = "draw_not_possible"
    message = _("The draw cannot be held yet. Please settle what the preview lists first.")
