"""What stands on printed vouchers, with barcodes as wide as scanners need them."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.safestring import SafeString

from accounts.desk import yen
from campaigns.selectors import conditions_sentences, use_conditions_of
from codes import services
from codes.models import CodeBatch
from codes.printing import barcode_content, grouped
from core.barcodes import barcode_svg
from core.japanese import format_deadline
from core.qr import qr_svg

VOUCHERS_A_SHEET = 10
MODULE_MM = 0.33  # the nominal narrow bar of JAN, which every till reads
WIDEST_MM = 86.0  # what a voucher has room for
HEIGHT_MM = 10
# On a roll a bar is three or two whole dots of a printer with eight dots a millimetre: others come out uneven.
ROLL_MODULES_MM = (0.375, 0.25)
WIDEST_ON_ROLL_MM = 72.0


class Paper(StrEnum):
    """What vouchers are printed on."""

    A4 = "a4"
    ROLL = "roll"


def voucher_context(
    batch: CodeBatch, vouchers: list[services.Voucher], symbology: str, paper: Paper = Paper.A4
) -> dict[str, Any]:
    """What stands on the vouchers of a batch, ten a sheet; on a roll a sheet is only where A4 would end."""
    campaign = batch.prize.course.campaign
    conditions = use_conditions_of(batch.prize_id)
    last = conditions.valid_until if conditions else None
    drawn = [_drawn(voucher, symbology, paper, last) for voucher in vouchers]
    return {
        "is_roll": paper == Paper.ROLL,
        "batch": batch,
        "prize": batch.prize,
        "sponsor": campaign.sponsor,
        "conditions": conditions_sentences(conditions),
        "sheets": [drawn[at : at + VOUCHERS_A_SHEET] for at in range(0, len(drawn), VOUCHERS_A_SHEET)],
    }


def _drawn(voucher: services.Voucher, symbology: str, paper: Paper, last: datetime | None) -> dict[str, Any]:
    """One voucher; the drawings are made by us out of letters and digits, with no foreign text in them."""
    content = barcode_content(symbology, voucher.code)
    until = min((end for end in (voucher.expires_at, last) if end is not None), default=None)
    return {
        "code": grouped(voucher.code),
        "value": yen(voucher.value_jpy),
        "until": format_deadline(until) if until else "",
        "qr": SafeString(qr_svg(voucher.code)),
        "bars": SafeString(_sized(barcode_svg(symbology, content), paper)) if content else "",
        "content": content,
    }


def _sized(svg: str, paper: Paper) -> str:
    """Set a barcode to its size on paper; its bars are stretched in height only."""
    modules = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    if paper == Paper.ROLL:
        widths = (modules * module for module in ROLL_MODULES_MM)
        width = next((width for width in widths if width <= WIDEST_ON_ROLL_MM), WIDEST_ON_ROLL_MM)
    else:
        width = min(WIDEST_MM, modules * MODULE_MM)
    return svg.replace("<svg ", f'<svg preserveAspectRatio="none" width="{width:.2f}mm" height="{HEIGHT_MM}mm" ', 1)
