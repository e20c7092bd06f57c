"""Reasons that no person typed, said in the words of the desk."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FROM_JOURNAL = "known from the journal"
FROM_SUPPLIER = ("batch.paused", "card.refused", "card.cancel_refused")  # lines whose reason a supplier gave
SUPPLIERS: dict[str, str | Promise] = {
    "out_of_funds": gettext_lazy("The deposit at the supplier is used up."),
    "wrong_amount": gettext_lazy("The supplier made a card of another value. Please ask the supplier about it."),
    "other_card": gettext_lazy("The supplier shows another card than before. Please ask the supplier about it."),
}
OURS: dict[str, str | Promise] = {
    FROM_JOURNAL: gettext_lazy("Known from the issue journal after a restore"),
    "staff page": gettext_lazy("Taken back on the shop's page"),
    "cancelled": gettext_lazy("Given up by the operator"),
}


def reason_in_words(reason: str) -> str:
    """Say a reason of the product itself in words; what a person typed stays as it is."""
    return str(OURS.get(reason, reason))


def supplier_reason_in_words(reason: str) -> str:
    """Say why a supplier makes no card; a word of the supplier's own stands after a colon, to be told to it."""
    words = SUPPLIERS.get(reason)
    return str(words) if words else _("The supplier refuses: %(reason)s") % {"reason": reason}
