"""What stands on printed vouchers, with barcodes as wide as scanners need them."""

import re
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


def voucher_context(batch: CodeBatch, vouchers: list[services.Voucher], symbology: str) -> dict[str, Any]:
    """What stands on the vouchers of a batch, ten a sheet."""
    campaign = batch.prize.course.campaign
    drawn = [_drawn(voucher, symbology) for voucher in vouchers]
    return {
        "batch": batch,
        "prize": batch.prize,
        "sponsor": campaign.sponsor,
        "conditions": conditions_sentences(use_conditions_of(batch.prize_id)),
        "sheets": [drawn[at : at + VOUCHERS_A_SHEET] for at in range(0, len(drawn), VOUCHERS_A_SHEET)],
    }


def _drawn(voucher: services.Voucher, symbology: str) -> dict[str, Any]:
    """One voucher; the drawings are made by us out of letters and digits, with no foreign text in them."""
    content = barcode_content(symbology, voucher.code)
    return {
        "code": grouped(voucher.code),
        "value": yen(voucher.value_jpy),
        "until": format_deadline(voucher.expires_at) if voucher.expires_at else "",
        "qr": SafeString(qr_svg(voucher.code)),
        "bars": SafeString(_sized(barcode_svg(symbology, content))) if content else "",
        "content": content,
    }


def _sized(svg: str) -> str:
    """Set a barcode to its size on paper; its bars are stretched in height only."""
    modules = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    width = min(WIDEST_MM, modules * MODULE_MM)
    return svg.replace("<svg ", f'<svg preserveAspectRatio="none" width="{width:.2f}mm" height="{HEIGHT_MM}mm" ', 1)
