"""Mail addresses as Japanese phones have them, in one canonical form."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.text import has_controls
from participants.errors import ContactNotAccepted

# Issued until 2009 against the RFC: two dots in a row, or a dot before the @.
OLD_CARRIER = re.compile(r"[a-z0-9._\-+/?]{1,64}@(docomo\.ne\.jp|ezweb\.ne\.jp)")
MAX_LENGTH = 254
GMAIL = ("gmail.com", "googlemail.com")


def canonical_email(typed: str) -> str:
    """Give one form of a typed address: NFKC, no blanks around, lower case.

    Raises:
        ContactNotAccepted: not one address that a mail can be sent to.
    """
    if has_controls(typed):
        raise ContactNotAccepted
    address = unicodedata.normalize("NFKC", typed).strip().lower()
    if len(address) > MAX_LENGTH:
        raise ContactNotAccepted
    if OLD_CARRIER.fullmatch(address):
        return address
    try:
        validate_email(address)
    except ValidationError as error:
        raise ContactNotAccepted from error
    domain = address.rpartition("@")[2]
    if "." not in domain or domain.startswith("["):
        raise ContactNotAccepted
    return address


def mailbox_of(address: str) -> str:
    """Give the mailbox behind a canonical address: what stands after a plus does not count, nor do Gmail's dots."""
    name, _at, domain = address.rpartition("@")
    name = name.partition("+")[0] or name
    if domain in GMAIL:
        return f"{name.replace('.', '')}@{GMAIL[0]}"
    return f"{name}@{domain}"
