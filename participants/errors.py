"""Refusals about people and their entries."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class ContactNotAccepted(DomainError):
    code = "contact_not_accepted"
    message = _("This e-mail address cannot be used. Please check it and type it again.")
    status = 422


class IncompleteEntry(DomainError):
    """Something the rules need is missing; `missing` names the steps."""

    code = "entry_incomplete"
    message = _("Something is still missing. Please complete the marked steps.")
    status = 422

    def __init__(self, missing: list[str]) -> None:
        super().__init__(missing=missing)
        self.missing = missing


class EntryNotEditable(DomainError):
    code = "entry_not_editable"
    message = _("This entry has already been sent and can no longer be changed.")


class NumberNotAccepted(DomainError):
    """The typed text cannot be a number of the campaign; the same answer as for an unknown number."""

    code = "serial_not_accepted"
    message = _("This number is not accepted. Please check it and type it again.")
    status = 422


class AnswerNotAccepted(DomainError):
    code = "answer_not_accepted"
    message = _("Please answer with one of the choices, or within the given length.")
    status = 422


class LinkNotAccepted(DomainError):
    code = "link_not_accepted"
    message = _("This link is no longer valid. Please ask for a new one on the entry page.")
    status = 410
