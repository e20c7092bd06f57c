"""Reads: what is in stock, what a claim link leads to, what the ledger adds up to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When

from campaigns.models import Campaign, Prize
from codes.links import award_id_of_presentation, token_index
from codes.models import (
    Award,
    BatchStatus,
    CodeBatch,
    CodeSource,
    CodeStatus,
    GiftCode,
    Redemption,
    RedemptionKind,
    SupplierCard,
    SupplierCardStatus,
)
from core.crypto import blind_index, decrypt
from core.text import canonical_number


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
    awards = Award.objects.select_related("prize", "gift_code", "entry__campaign__sponsor")
    return awards.filter(token_index=token_index(token)).first()


def award_by_notice(number: str) -> Award | None:
    """Find the award of a winner notice by the number printed in it."""
    digits = canonical_number(number).lower()
    if len(digits) != 12 or not set(digits) <= set("0123456789abcdef"):
        return None
    first, last = (f"{digits[:8]}-{digits[8:]}-{fill * 4}-{fill * 4}-{fill * 12}" for fill in "0f")
    return Award.objects.filter(public_id__gte=first, public_id__lte=last).select_related("entry__campaign").first()


def code_index(*, agency_id: int, code: str) -> str:
    """Give the keyed hash under which an agency keeps a code, however it is typed."""
    return blind_index(canonical_number(code), field="gift_code", tenant=agency_id)


def presented_code(*, agency_id: int, presented: str) -> GiftCode | None:
    """Find the code that somebody types or shows at the till, if this agency gave it out.

    Raises:
        CodeTokenExpired: the phone's token is too old.
        CodeNotAccepted: the phone's token is not ours.
    """
    codes = GiftCode.objects.filter(agency_id=agency_id, status__in=[CodeStatus.ISSUED, CodeStatus.VOID])
    if presented.startswith("MZ."):
        return codes.filter(award__public_id=award_id_of_presentation(presented)).first()
    return codes.filter(code_index=code_index(agency_id=agency_id, code=presented), award__isnull=False).first()


def open_code(gift_code: GiftCode) -> RevealedCode:
    """Open a code. Only `codes.services.reveal_code` calls this for people; it has written its line before."""

    def opened(column: str, stored: str) -> str:
        """Open one column of the code; empty stays empty."""
        return decrypt(stored, table="gift_code", column=column, row=gift_code.public_id) if stored else ""

    return RevealedCode(
        code=opened("code", gift_code.code_ciphertext),
        pin=opened("pin", gift_code.pin_ciphertext),
        url=opened("url", gift_code.url_ciphertext),
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


# How long after a try the next one is due, by the number of tries so far.
CARD_WAITS = ((3, timedelta(seconds=10)), (20, timedelta(minutes=1)), (32_767, timedelta(minutes=10)))
FOR_PEOPLE = ("wrong_amount", "other_card")  # not to be asked again: a person has to talk to the supplier


@dataclass(frozen=True)
class SupplierStory:
    """What is known here of a code at its supplier: never the code."""

    supplier: str
    request_id: str
    card_id: str
    status: str
    status_label: str
    attempts: int
    failure_code: str
    asked_at: datetime
    made_at: datetime | None


def supplier_story(gift_code: GiftCode) -> SupplierStory | None:
    """Tell what became of a code at its supplier; None for codes that we hold, or that nobody has asked for."""
    card = SupplierCard.objects.filter(gift_code=gift_code).first()
    if card is None:
        return None
    return SupplierStory(
        supplier=card.supplier,
        request_id=card.request_id,
        card_id=card.card_id,
        status=card.status,
        status_label=card.get_status_display(),
        attempts=card.attempts,
        failure_code=card.failure_code,
        asked_at=card.created_at,
        made_at=card.made_at,
    )


def due_cards(now: datetime, *, limit: int) -> list[int]:
    """Give the codes whose card is to be asked for now, the one that waited longest first."""
    is_due = Q(attempts=0)
    for tries, wait in CARD_WAITS:
        is_due |= Q(attempts__lte=tries, updated_at__lte=now - wait)
    cards = SupplierCard.objects.filter(is_due, gift_code__status=CodeStatus.ISSUED)
    waiting = cards.exclude(status=SupplierCardStatus.MADE).exclude(failure_code__in=FOR_PEOPLE)
    return list(waiting.order_by("updated_at").values_list("gift_code_id", flat=True)[:limit])


def unasked_codes() -> QuerySet[GiftCode]:
    """Give the codes in winners' hands that their supplier has not been asked for."""
    codes = GiftCode.objects.filter(status=CodeStatus.ISSUED, batch__source=CodeSource.FETCHED)
    return codes.filter(supplier_card__isnull=True).select_related("batch", "prize__gift_brand")


def waits_for_supplier(campaign_id: int) -> bool:
    """Tell whether codes of a campaign are held back until their supplier is in order: then nobody loses for want."""
    held = GiftCode.objects.filter(batch__in=paused_fetched_batches(), status=CodeStatus.HELD)
    return held.filter(prize__course__campaign=campaign_id).exists()


def failed_cards(batch_id: int) -> int:
    """Count the cards of a batch that a person has to look into."""
    return SupplierCard.objects.filter(gift_code__batch=batch_id, status=SupplierCardStatus.REFUSED).count()


def paused_fetched_batches() -> QuerySet[CodeBatch]:
    """Give the batches that were held back because their supplier is not in order."""
    return CodeBatch.objects.filter(source=CodeSource.FETCHED, status=BatchStatus.PAUSED)


def promised_jpy(supplier: str) -> int:
    """Sum what the codes in stock and given out will still take from the deposit at a supplier."""
    codes = GiftCode.objects.filter(batch__source=CodeSource.FETCHED, prize__gift_brand__supplier=supplier)
    left = codes.exclude(status__in=[CodeStatus.VOID, CodeStatus.EXPIRED])
    unmade = left.exclude(supplier_card__status=SupplierCardStatus.MADE)
    return unmade.aggregate(all=Sum("face_value_jpy"))["all"] or 0


def cards_out_of_order(now: datetime) -> list[int]:
    """Give the ids of codes given out and not asked for in ten minutes, with a card of another value, or kept."""
    codes = GiftCode.objects.filter(batch__source=CodeSource.FETCHED)
    never_asked = Q(status=CodeStatus.ISSUED, supplier_card__isnull=True, issued_at__lte=now - timedelta(minutes=10))
    other_value = Q(supplier_card__isnull=False) & ~Q(supplier_card__amount_jpy=F("face_value_jpy"))
    kept = ~Q(code_ciphertext="", pin_ciphertext="", url_ciphertext="", number_ciphertext="")
    never_given = Q(supplier_card__isnull=False) & ~Q(status__in=[CodeStatus.ISSUED, CodeStatus.VOID])
    foreign = SupplierCard.objects.exclude(gift_code__batch__source=CodeSource.FETCHED)
    wrong = codes.filter(never_asked | other_value | kept | never_given)
    return [*wrong.values_list("pk", flat=True), *foreign.values_list("gift_code_id", flat=True)]
