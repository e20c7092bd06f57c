"""Reads: what is in stock, what a claim link leads to, what the ledger adds up to."""

from dataclasses import dataclass

from django.db.models import Case, Count, F, Q, Sum, When

from campaigns.models import Campaign, Prize
from codes.links import token_index
from codes.models import Award, CodeBatch, CodeStatus, GiftCode, Redemption, RedemptionKind, ShownNumber
from codes.presentation import number_index, read_token, scanned_number
from core.crypto import blind_index, decrypt
from core.text import canonical_number

PRESENTABLE = (CodeStatus.ISSUED, CodeStatus.PRINTED, CodeStatus.VOID)  # a void one is known, and refused as blocked


@dataclass(frozen=True)
class StockLine:
    """How the codes of one prize are spread over the states."""

    prize: Prize
    staged: int
    available: int
    reserved: int
    held: int
    issued: int
    printed: int
    void: int
    expired: int


@dataclass(frozen=True)
class RevealedCode:
    """What the holder sees; never logged, kept or cached."""

    code: str
    pin: str
    url: str
    number: str = ""


def stock_of(campaign: Campaign) -> list[StockLine]:
    """Count the codes of every prize of a campaign by state."""
    lines = []
    for prize in Prize.objects.filter(course__campaign=campaign).select_related("course"):
        codes = GiftCode.objects.filter(batch__prize=prize).order_by()  # by batch, which is what the index serves
        counts = dict(codes.values_list("status").annotate(n=Count("pk")))
        lines.append(StockLine(prize, **{status: counts.get(status, 0) for status in CodeStatus.values}))
    return lines


def available_count(prize_id: int) -> int:
    """Count the codes of a prize that can be given out."""
    return GiftCode.objects.filter(prize_id=prize_id, status=CodeStatus.AVAILABLE).count()


def award_by_token(token: str) -> Award | None:
    """Find the award that a claim link leads to."""
    awards = Award.objects.select_related(
        "prize__gift_brand", "prize__conditions", "gift_code", "entry__campaign__sponsor", "replaced_by"
    )
    return awards.filter(token_index=token_index(token)).first()


def award_by_notice(number: str) -> Award | None:
    """Find the award of a winner notice by the number printed in it; looks it up whatever was typed (T05)."""
    digits, fills = canonical_number(number).lower(), "0f"
    if len(digits) != 12 or not set(digits) <= set("0123456789abcdef"):
        digits, fills = "0" * 12, "f0"  # a range that holds nothing
    first, last = (f"{digits[:8]}-{digits[8:]}-{fill * 4}-{fill * 4}-{fill * 12}" for fill in fills)
    awards = Award.objects.filter(public_id__gte=first, public_id__lte=last)
    return awards.select_related("entry__campaign__sponsor", "gift_code", "replaced_by").first()


def code_index(*, agency_id: int, code: str) -> str:
    """Give the keyed hash under which an agency keeps a code, however it is typed."""
    return blind_index(canonical_number(code), field="gift_code", tenant=agency_id)


def presented_code(*, agency_id: int, presented: str) -> GiftCode | None:
    """Find the code that somebody types, scans or shows at the till, if this agency gave it out.

    It says which code is meant, not whether what the phone shows is still good: a till that asks again about a sale
    that it has made has to find it. `codes.services.check_presentation` and `consume_presentation` judge that.

    Raises:
        CodeNotAccepted: it has the form of a phone's token, and is not one of ours.
    """
    codes = GiftCode.objects.filter(agency_id=agency_id, status__in=PRESENTABLE, issued_at__isnull=False)
    if shown := read_token(presented):
        return codes.filter(public_id=shown.code_id).first()
    if number := scanned_number(presented):
        once = ShownNumber.objects.filter(number_index=number_index(number))
        if found := codes.filter(pk__in=once.values("gift_code_id")).first():
            return found
    return codes.filter(code_index=code_index(agency_id=agency_id, code=presented)).first()


def open_code(gift_code: GiftCode) -> RevealedCode:
    """Open a code. Only `codes.services.reveal_code` calls this for people; it has written its line before."""

    def opened(column: str, stored: str) -> str:
        """Open one column of the code; empty stays empty."""
        return decrypt(stored, table="gift_code", column=column, row=gift_code.public_id) if stored else ""

    return RevealedCode(
        code=opened("code", gift_code.code_ciphertext),
        pin=opened("pin", gift_code.pin_ciphertext),
        url=opened("url", gift_code.url_ciphertext),
        number=opened("number", gift_code.number_ciphertext),
    )


def batches_out_of_balance() -> list[int]:
    """Give the ids of batches whose codes do not add up to what came in (I02)."""
    batches = CodeBatch.objects.annotate(held=Count("gift_codes"))
    return list(batches.exclude(held=F("code_count")).values_list("pk", flat=True))


def codes_out_of_balance() -> list[int]:
    """Give the ids of codes whose balance is not face value less redemptions plus reversals (I05)."""
    signed = Case(
        When(redemptions__kind=RedemptionKind.REDEEM, then=F("redemptions__amount_jpy")),
        When(redemptions__kind=RedemptionKind.REVERSAL, then=-F("redemptions__amount_jpy")),
        default=0,
    )
    codes = GiftCode.objects.annotate(spent=Sum(signed))
    wrong = codes.exclude(balance_jpy=F("face_value_jpy") - F("spent"))
    return list(wrong.values_list("pk", flat=True))


def issued_without_award() -> list[int]:
    """Give the ids of codes that left the stock without an award, or are awarded while still in stock (I01)."""
    orphaned = Q(status=CodeStatus.ISSUED, award__isnull=True)
    in_stock = Q(status__in=[CodeStatus.STAGED, CodeStatus.AVAILABLE, CodeStatus.EXPIRED], award__isnull=False)
    return list(GiftCode.objects.filter(orphaned | in_stock).values_list("pk", flat=True))


def redemption_of_transaction(*, agency_id: int, store_id: int, pos_transaction_id: str) -> Redemption | None:
    """Find what a till's transaction did."""
    return Redemption.objects.filter(
        agency_id=agency_id, store_id=store_id, pos_transaction_id=pos_transaction_id
    ).first()
