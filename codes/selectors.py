"""Reads: what is in stock, what a claim link leads to, what the ledger adds up to."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When

from accounts.models import Agency
from campaigns.models import Campaign, Prize, TrackedLink
from codes.links import award_id_of_presentation, token_index
from codes.models import (
    Allocation,
    Award,
    CodeBatch,
    CodeStatus,
    GiftCode,
    Redemption,
    RedemptionKind,
    Reservation,
    ReservationStatus,
)
from core.crypto import blind_index, decrypt
from core.text import canonical_number
from participants.models import Entry


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


def reservations_of(agency: Agency) -> QuerySet[Reservation]:
    """Give the reservations that a key of the agency may see."""
    return Reservation.objects.filter(agency=agency).select_related("prize", "award", "gift_code")


def live_reservation(*, agency_id: int, prize_id: int, reference: str) -> Reservation | None:
    """Find the reservation of a reference that holds a code or has given it out."""
    live = Reservation.objects.filter(status__in=[ReservationStatus.HELD, ReservationStatus.USED])
    return live.filter(agency_id=agency_id, prize_id=prize_id, reference=reference).first()


def usable_reservation(*, entry: Entry, prize_id: int, now: datetime) -> Reservation | None:
    """Find the code that the client's system reserved for an entry, under the reference the entry came with."""
    if not entry.external_reference:
        return None
    held = Reservation.objects.filter(status=ReservationStatus.HELD, expires_at__gt=now)
    held = held.filter(gift_code__status=CodeStatus.RESERVED)
    return held.filter(agency_id=entry.agency_id, prize_id=prize_id, reference=entry.external_reference).first()


def share_for(*, prize_id: int, link: TrackedLink | None, day: date) -> Allocation | None:
    """Find the one share that an entry draws on; the rule is written at `codes.services.places.take_place_of`."""
    store_id, channel = (link.store_id, link.channel) if link is not None else (None, "")
    matching = Allocation.objects.filter(
        Q(store__isnull=True) | Q(store_id=store_id),
        Q(channel="") | Q(channel=channel),
        Q(day__isnull=True) | Q(day=day),
        prize_id=prize_id,
    )
    shares = list(matching)
    return max(shares, key=lambda s: (s.store_id is not None, s.channel != "", s.day is not None), default=None)


def codes_reserved_without_a_reservation() -> list[int]:
    """Give the ids of codes that are reserved for nobody, or that somebody holds while they are not reserved (I01)."""
    held = Reservation.objects.filter(status=ReservationStatus.HELD).values("gift_code")
    orphaned = GiftCode.objects.filter(status=CodeStatus.RESERVED).exclude(pk__in=held)
    other = [CodeStatus.RESERVED, CodeStatus.VOID, CodeStatus.EXPIRED]
    taken = GiftCode.objects.filter(pk__in=held).exclude(status__in=other)
    return list((orphaned | taken).values_list("pk", flat=True))
