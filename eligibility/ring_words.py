"""What links people, in words: short beside a figure, and as the end of a sentence about them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, str | Promise] = {
    "device": _("same device"),
    "mailbox": _("same mailbox"),
    "look_alike": _("same receipt"),
    "opening": _("codes opened on one device"),
    "purchase": _("codes used in one purchase"),
    "network": _("same network"),
    "receipt_run": _("neighbouring receipts"),
    "mail_domain": _("same mail domain"),
    "till": _("same till, same minutes"),
}
LINKS: dict[str, str | Promise] = {
    "device": _("entered from one browser"),
    "mailbox": _("use one mailbox in different spellings"),
    "look_alike": _("sent the same receipt"),
    "opening": _("had their codes opened in one browser"),
    "purchase": _("used their codes in one purchase"),
    "network": _("entered from one network"),
    "receipt_run": _("sent receipts of one till with neighbouring numbers"),
    "mail_domain": _("have addresses of one domain"),
    "till": _("used their codes at one till within minutes"),
}
