"""The file of a settled day: every line as it was booked, and the total."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from codes.models import RedemptionKind, Settlement
from codes.selectors import lines_of_day
from core.clock import JST

CHUNK = 500


def settlement_rows(settlement: Settlement) -> Iterator[list[object]]:
    """Give heading, lines and total; amounts that the store owes back are negative."""
    yield [
        _("business day"),
        _("store number"),
        _("time"),
        _("kind"),
        _("amount (yen)"),
        _("POS transaction"),
        _("terminal"),
        _("redemption id"),
        _("reverses"),
    ]
    store = settlement.store
    for line in lines_of_day(settlement).iterator(chunk_size=CHUNK):
        sign = 1 if line.kind == RedemptionKind.REDEEM else -1
        yield [
            settlement.business_day.isoformat(),
            store.code,
            f"{line.at.astimezone(JST):%Y-%m-%d %H:%M:%S}",
            line.get_kind_display(),
            sign * line.amount_jpy,
            line.pos_transaction_id,
            line.terminal,
            line.public_id,
            line.reverses.public_id if line.reverses else "",
        ]
    yield [settlement.business_day.isoformat(), store.code, "", _("total"), settlement.net_jpy, "", "", "", ""]
