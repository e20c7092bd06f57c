"""What a gift brand asks of a prize, of its texts and of each code; pure functions on the brand's dated profile."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.errors import Obstacle
from campaigns.models import Campaign, GiftBrand, Prize, PrizeKind, TermsVersion

COLUMNS = ("code", "pin", "url", "number", "expiry")


def brand_problem(brand: GiftBrand | None, column: str, value: str) -> str | None:
    """Name what is wrong with one column of a code of a brand, or None.

    The answers are `brand_field_missing`, `brand_field_unknown` and `brand_field_malformed`; they never hold the
    value. A prize without a brand takes anything.
    """
    if brand is None:
        return None
    profile = _field(brand, column)
    if profile is None:
        return "brand_field_unknown" if value else None
    if not value:
        return "brand_field_missing" if profile.get("is_required") else None
    pattern = str(profile.get("pattern") or "")
    is_fitting = not pattern or re.fullmatch(pattern, value, re.ASCII) is not None
    return None if is_fitting else "brand_field_malformed"


def brand_obstacles(campaign: Campaign, prizes: Iterable[Prize], terms: TermsVersion | None) -> list[Obstacle]:
    """List what keeps the gift codes of a campaign from being announced: value, approvals and wording (GB01–GB07)."""
    found: list[Obstacle] = []
    page = [campaign.title, campaign.summary, campaign.how_to_enter, terms.body if terms else ""]
    for prize in prizes:
        if prize.kind == PrizeKind.GIFT_CODE:
            found += _prize_obstacles(prize, page)
    return found


def _prize_obstacles(prize: Prize, page: list[str]) -> list[Obstacle]:
    brand = prize.gift_brand
    if brand is None:
        message = _("Choose the gift brand of “%(prize)s”.") % {"prize": prize.name}
        return [Obstacle("gift_brand_missing", message, "courses")]
    text = _folded(" ".join([*page, prize.name, prize.how_to_use]))
    return [
        *_value_obstacles(prize, brand),
        *_approval_obstacles(prize, brand),
        *_wording_obstacles(brand, text),
    ]


def _value_obstacles(prize: Prize, brand: GiftBrand) -> list[Obstacle]:
    named = {
        "prize": prize.name,
        "brand": brand.name,
        "minimum": f"{brand.minimum_jpy:,}",
        "maximum": f"{brand.maximum_jpy:,}",
    }
    if not brand.minimum_jpy <= prize.face_value_jpy <= brand.maximum_jpy:
        message = _("The value of “%(prize)s” must be from %(minimum)s to %(maximum)s yen (%(brand)s).") % named
        return [Obstacle("gift_value_out_of_range", message, "courses")]
    if brand.denominations and prize.face_value_jpy not in brand.denominations:
        offered = "、".join(f"{amount:,}" for amount in brand.denominations)
        message = _("“%(brand)s” is on offer in %(offered)s yen only; please change the value of “%(prize)s”.") % {
            **named,
            "offered": offered,
        }
        return [Obstacle("gift_value_not_on_offer", message, "courses")]
    return []


def _approval_obstacles(prize: Prize, brand: GiftBrand) -> list[Obstacle]:
    if not brand.needs_approval:
        return []
    named = {"prize": prize.name, "brand": brand.name}
    found = []
    if not prize.use_approval.strip():
        message = _("Enter the approval to use “%(brand)s” for “%(prize)s” (number or date).") % named
        found.append(Obstacle("gift_use_not_approved", message, "courses"))
    if not prize.text_approval.strip():
        message = _("Enter the approval of page and messages for “%(prize)s” by “%(brand)s”.") % named
        found.append(Obstacle("gift_text_not_approved", message, "courses"))
    return found


def _wording_obstacles(brand: GiftBrand, text: str) -> list[Obstacle]:
    found = []
    for line in brand.required_wording.splitlines():
        if line.strip() and _folded(line) not in text:
            message = _("Write “%(wording)s” in the texts of the page, the terms or the prize (%(brand)s).") % {
                "wording": line.strip(),
                "brand": brand.name,
            }
            found.append(Obstacle("gift_wording_missing", message, "terms"))
    for word in brand.forbidden_words:
        if _folded(word) in text:
            message = _("“%(word)s” must not be used for %(brand)s. Please take it out of the texts.") % {
                "word": word,
                "brand": brand.name,
            }
            found.append(Obstacle("gift_word_forbidden", message, "terms"))
    return found


def _field(brand: GiftBrand, column: str) -> dict[str, Any] | None:
    return next((field for field in brand.code_fields if field.get("name") == column), None)


def _folded(text: str) -> str:
    """Fold width, case and blanks, so that no spelling slips through."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()
