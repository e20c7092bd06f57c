"""Reads: what can be given out, what a claim link leads to, what the ledger adds up to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import attrgetter, or_

from django.db.models import Case, Count, F, Max, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from accounts.models import Agency
from campaigns.models import Store, TrackedLink
from codes import errors
from codes.journal import pos_indexes, pos_names
from codes.links import token_indexes
from codes.models import (
    Allocation,
    Award,
    BatchStatus,
    CodeBatch,
    CodeLock,
    CodeSource,
    CodeStatus,
    DisputeStatus,
    GiftCode,
    OfflineDispute,
    Redemption,
    RedemptionKind,
    Reservation,
    ReservationStatus,
    Settlement,
    SupplierCard,
    SupplierCardStatus,
)
from codes.presented import presented_code
from codes.sealing import code_indexes, open_column
from core import rows
from core.errors import DomainError
from core.text import canonical_number
from participants.models import Entry

MOST_DISPUTES = 50  # on one page of the staff


@dataclass(frozen=True)
class RevealedCode:
    """What the holder sees; never logged, kept or cached."""

    code: str
    pin: str
    url: str
    number: str = ""


def available_count(prize_id: int) -> int:
    """Count the codes of a prize that can be given out."""
    return GiftCode.objects.filter(prize_id=prize_id, status=CodeStatus.AVAILABLE).count()


def is_in_stock(prize_id: int) -> bool:
    """Tell whether a code of a prize can be given out; pages that everybody opens cannot afford to count."""
    return GiftCode.objects.filter(prize_id=prize_id, status=CodeStatus.AVAILABLE).exists()


def award_by_token(token: str) -> Award | None:
    """Find the award that a claim link leads to."""
    awards = Award.objects.select_related("prize__conditions", "gift_code", "shipment", "entry__campaign__sponsor")
    found = awards.filter(token_index__in=token_indexes(token)).order_by()  # one at most: building an order costs more
    return next(iter(found), None)


def award_by_notice(number: str) -> Award | None:
    """Find the award of a winner notice by the number printed in it; looks it up whatever was typed (T05)."""
    digits, fills = canonical_number(number).lower(), "0f"
    if len(digits) != 12 or not set(digits) <= set("0123456789abcdef"):
        digits, fills = "0" * 12, "f0"  # a range that holds nothing
    first, last = (f"{digits[:8]}-{digits[8:]}-{fill * 4}-{fill * 4}-{fill * 12}" for fill in fills)
    awards = Award.objects.filter(public_id__gte=first, public_id__lte=last)
    return awards.select_related("entry__campaign__sponsor", "gift_code", "prize__conditions", "replaced_by").first()


def waits_for_another_code(award: Award) -> bool:
    """Tell whether an award that stands lost its code before anybody saw it, by a recall or at the supplier."""
    code = award.gift_code
    if code is None or code.status != CodeStatus.VOID or award.voided_at or award.revealed_at:
        return False
    is_recalled = Q(batch__status=BatchStatus.RECALLED)
    is_taken_back = Q(supplier_card__status=SupplierCardStatus.CANCELLED)
    return GiftCode.objects.filter(is_recalled | is_taken_back, pk=code.pk).exists()


def code_index(*, agency_id: int, code: str) -> str:
    """Give the keyed hash under which an agency keeps a new code, however it is typed."""
    return code_indexes(agency_id=agency_id, code=code)[0]


def code_by_text(codes: QuerySet[GiftCode], *, agency_ids: Iterable[int], text: str) -> GiftCode | None:
    """Find among some codes the one that a text says, however it is typed and whichever key indexes it.

    One statement, with one probe of the unique index for each agency and key.
    """
    kept = [Q(agency_id=pk, code_index__in=code_indexes(agency_id=pk, code=text)) for pk in agency_ids]
    if not kept:
        return None
    found = codes.filter(reduce(or_, kept)).order_by()  # two at most, if it came in again under another key
    return min(found, key=attrgetter("pk"), default=None)


def open_code(gift_code: GiftCode) -> RevealedCode:
    """Open a code. Only the services that show codes call this for people; they have written their line before."""
    return RevealedCode(**{column: open_column(gift_code, column) for column in ("code", "pin", "url", "number")})


def batches_out_of_balance() -> list[int]:
    """Give the ids of batches whose codes do not add up to what came in (I02)."""
    batches = CodeBatch.objects.annotate(held=Count("gift_codes"))
    return list(batches.exclude(held=F("code_count")).values_list("pk", flat=True))


def codes_out_of_balance() -> list[int]:
    """Give the ids of codes whose balance is not face value less redemptions plus reversals (I05)."""
    signed = Case(
        When(redemptions__kind=RedemptionKind.REDEEM, then=F("redemptions__amount_jpy")),
        default=-F("redemptions__amount_jpy"),
    )
    codes = GiftCode.objects.annotate(spent=Coalesce(Sum(signed), 0))
    wrong = codes.exclude(balance_jpy=F("face_value_jpy") - F("spent"))
    return list(wrong.values_list("pk", flat=True))


def issued_without_award() -> list[int]:
    """Give the ids of codes that left the stock without an award, or are awarded while still in stock (I01)."""
    orphaned = Q(status=CodeStatus.ISSUED, award__isnull=True, recovered_at__isnull=True)  # else lost by a restore
    in_stock = Q(status__in=[CodeStatus.STAGED, CodeStatus.AVAILABLE, CodeStatus.EXPIRED], award__isnull=False)
    return list(GiftCode.objects.filter(orphaned | in_stock).values_list("pk", flat=True))


def redemption_of_transaction(*, agency_id: int, store_id: int, pos_transaction_id: str) -> Redemption | None:
    """Find what a till's transaction did, under the number that the till gave it."""
    names = pos_names(store_id, pos_transaction_id)
    where = f"agency_id = %s AND store_id = %s AND pos_transaction_id IN ({rows.places(names)})"
    found = rows.first(Redemption, where, [agency_id, store_id, *names])
    if found is not None:
        found.pos_transaction_id = pos_transaction_id
    return found


def of_transaction(lines: QuerySet[Redemption], *, agency_id: int, pos_transaction_id: str) -> QuerySet[Redemption]:
    """Give the lines of a till's transaction in whichever store, those that came back from the journal as well."""
    found = lines.filter(pos_transaction_id=pos_transaction_id)
    if found.exists():
        return found
    stores = Store.objects.filter(agency_id=agency_id).values_list("pk", flat=True)
    names = [name for store_id in stores for name in pos_indexes(store_id, pos_transaction_id)]
    return lines.filter(pos_transaction_id__in=names)


def lock_of(gift_code: GiftCode) -> CodeLock | None:
    """Give the lock that keeps a code for a cart, or has ended."""
    return rows.first(CodeLock, "gift_code_id = %s", [gift_code.pk])


def others_in_basket(gift_code: GiftCode, store_id: int, basket_id: str) -> list[bool]:
    """Tell of each other code in a purchase that was not given back whether it goes together with others."""
    if not basket_id:
        return []
    lines = Redemption.objects.filter(
        agency_id=gift_code.agency_id, store_id=store_id, basket_id=basket_id, kind=RedemptionKind.REDEEM
    )
    others = lines.filter(reversed_jpy__lt=F("amount_jpy")).exclude(gift_code=gift_code)
    combinable = others.values_list("gift_code__prize__conditions__is_combinable", flat=True)
    return [found is not False for found in combinable]


def last_use(*, agency_id: int, presented: str) -> Redemption | None:
    """Give the last use of a code that was not given back as a whole, with its store; None where there is none."""
    gift_code = presented_code(agency_id=agency_id, presented=presented)
    return last_use_of(gift_code) if gift_code else None


def last_use_of(gift_code: GiftCode) -> Redemption | None:
    """Give the last use of a code that was not given back as a whole, with its store."""
    uses = gift_code.redemptions.filter(kind=RedemptionKind.REDEEM, reversed_jpy__lt=F("amount_jpy"))
    return uses.select_related("store").order_by("-at", "-pk").first()


def days_to_settle(store_id: int) -> list[date]:
    """Give the business days of a store that have lines and come after its last settlement, oldest first."""
    lines = Redemption.objects.filter(store_id=store_id, business_day__isnull=False)
    last = Settlement.objects.filter(store_id=store_id).aggregate(last=Max("business_day"))["last"]
    if last is not None:
        lines = lines.filter(business_day__gt=last)
    days = lines.order_by("business_day").values_list("business_day", flat=True).distinct()
    return [day for day in days if day is not None]


def lines_of_day(settlement: Settlement) -> QuerySet[Redemption]:
    """Give what a settlement adds up, as it was booked."""
    lines = Redemption.objects.filter(store_id=settlement.store_id, business_day=settlement.business_day)
    return lines.select_related("store", "reverses").order_by("pk")


def open_disputes(store: Store) -> QuerySet[OfflineDispute]:
    """Give the newest uses of a store that could not be booked and that nobody has decided on yet."""
    return OfflineDispute.objects.filter(store=store, status=DisputeStatus.OPEN).order_by("-pk")[:MOST_DISPUTES]


def refusal_sentence(code: str) -> str:
    """Say why a use was refused, by the stable name of the refusal."""
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError))
    return next((str(kind.message) for kind in kinds if kind.code == code), code)


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


# How long after a try the next one is due, by the number of tries so far.
CARD_WAITS = ((3, timedelta(seconds=10)), (20, timedelta(minutes=1)), (32_767, timedelta(minutes=10)))
FOR_PEOPLE = ("wrong_amount", "other_card")  # not to be asked again: a person has to talk to the supplier


def due_cards(now: datetime, *, limit: int) -> list[int]:
    """Give the codes whose card is to be asked for now, the one that waited longest first."""
    cards = SupplierCard.objects.filter(_is_due(now), gift_code__status=CodeStatus.ISSUED)
    asked = [SupplierCardStatus.REQUESTED, SupplierCardStatus.UNKNOWN, SupplierCardStatus.REFUSED]
    waiting = cards.filter(status__in=asked).exclude(failure_code__in=FOR_PEOPLE)
    return list(waiting.order_by("updated_at").values_list("gift_code_id", flat=True)[:limit])


def due_cancellations(now: datetime, *, limit: int) -> list[int]:
    """Give the codes whose card is still to be taken back, a while after the last try."""
    waiting = SupplierCard.objects.filter(_is_due(now), status=SupplierCardStatus.CANCELLING)
    waiting = waiting.filter(updated_at__lte=now - CARD_WAITS[0][1])  # the first try is the operator's own
    return list(waiting.order_by("updated_at").values_list("gift_code_id", flat=True)[:limit])


def _is_due(now: datetime) -> Q:
    is_due = Q(attempts=0)
    for tries, wait in CARD_WAITS:
        is_due |= Q(attempts__lte=tries, updated_at__lte=now - wait)
    return is_due


def unasked_codes() -> QuerySet[GiftCode]:
    """Give the codes in winners' hands that their supplier has not been asked for."""
    codes = GiftCode.objects.filter(status=CodeStatus.ISSUED, batch__source=CodeSource.FETCHED)
    return codes.filter(supplier_card__isnull=True).select_related("batch", "prize__gift_brand")


def waits_for_supplier(campaign_id: int) -> bool:
    """Tell whether codes of a campaign are held back until their supplier is in order: then nobody loses for want."""
    held = GiftCode.objects.filter(batch__in=paused_fetched_batches(), status=CodeStatus.HELD)
    return held.filter(prize__course__campaign=campaign_id).exists()


def failed_cards(batch_id: int) -> QuerySet[SupplierCard]:
    """Give the cards of a batch that a person has to look into."""
    return SupplierCard.objects.filter(gift_code__batch=batch_id, status=SupplierCardStatus.REFUSED)


def paused_fetched_batches() -> QuerySet[CodeBatch]:
    """Give the batches that were held back because their supplier is not in order."""
    return CodeBatch.objects.filter(source=CodeSource.FETCHED, status=BatchStatus.PAUSED)


def promised_jpy(supplier: str) -> int:
    """Sum what the codes in stock and given out will still take from the deposit at a supplier."""
    codes = GiftCode.objects.filter(batch__source=CodeSource.FETCHED, prize__gift_brand__supplier=supplier)
    left = codes.exclude(status__in=[CodeStatus.VOID, CodeStatus.EXPIRED])
    unmade = left.exclude(supplier_card__status__in=[SupplierCardStatus.MADE, SupplierCardStatus.CANCELLING])
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
