"""Codes, awards, caps and balances: value is neither doubled nor lost."""

from datetime import datetime

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, Length, Substr

from accounts.models import AuditEntry
from campaigns.models import GOODS, Budget, Prize
from codes.books import codes_that_books_contradict, redemptions_without_posting, transfers_out_of_nowhere
from codes.budgets import miscounted_budgets
from codes.key_use import TILLS_ASK
from codes.models import (
    Allocation,
    Award,
    BatchStatus,
    CodeBatch,
    CodeJob,
    CodeStatus,
    GiftCode,
    Household,
    JobKind,
    JobStatus,
    LedgerTransfer,
    Redemption,
    RedemptionKind,
    Settlement,
    Shipment,
    Tombstone,
)
from codes.recovered import sales_alive_though_undone
from codes.selectors import (
    batches_out_of_balance,
    cards_out_of_order,
    codes_out_of_balance,
    codes_reserved_without_a_reservation,
    issued_without_award,
)
from draws.models import CourseCounter, Draw, DrawResult, DrawStatus
from draws.selectors import wrong_counters
from journeys.audit.naming import more_than_one, name_ids, name_rows

SHOWN = ["code.revealed", "code.revealed_at_desk"]
BODY_HASH = 33  # the last part of a call's hashes, with its colon
MOVES = [JobKind.ACTIVATE, JobKind.DISCARD]
IN_STOCK = [CodeStatus.STAGED, CodeStatus.AVAILABLE]


def codes_and_awards(now: datetime) -> list[str]:
    """I01: one code, one award; one award an entry and prize; no code out of stock without an award.

    A code that a supplier makes has one request, of its value, once it is given out, and is never kept.
    """
    valid = Award.objects.filter(voided_at__isnull=True)
    twice_given = Award.objects.filter(gift_code__in=more_than_one(Award.objects.all(), "gift_code"))
    doubled = valid.filter(
        Exists(valid.filter(entry=OuterRef("entry"), prize=OuterRef("prize")).exclude(pk=OuterRef("pk")))
    )
    codeless = valid.filter(gift_code__isnull=True).exclude(prize__kind__in=GOODS)
    fetched = name_ids(GiftCode, cards_out_of_order(now))
    other_prize = Award.objects.filter(gift_code__isnull=False).exclude(gift_code__prize=F("prize"))
    return [
        *name_ids(GiftCode, issued_without_award()),
        *name_ids(GiftCode, codes_reserved_without_a_reservation()),
        *name_rows(twice_given),
        *name_rows(doubled),
        *name_rows(codeless),
        *name_rows(other_prize),
        *fetched,
    ]


def batch_sums() -> list[str]:
    """I02: every code that came in is still there, and in a state that its batch allows."""
    staged = GiftCode.objects.filter(status=CodeStatus.STAGED).exclude(
        batch__status__in=[BatchStatus.LOADING, BatchStatus.STAGED]
    )
    moving = CodeJob.objects.filter(kind__in=MOVES, status__in=[JobStatus.QUEUED, JobStatus.RUNNING])
    staged = staged.exclude(Exists(moving.filter(batch=OuterRef("batch"))))
    given = GiftCode.objects.exclude(status__in=[CodeStatus.STAGED, CodeStatus.VOID]).filter(recovered_at__isnull=True)
    out_too_early = given.exclude(batch__status__in=[BatchStatus.ACTIVE, BatchStatus.PAUSED, BatchStatus.RECALLED])
    return [*name_ids(CodeBatch, batches_out_of_balance()), *name_rows(staged), *name_rows(out_too_early)]


def course_counters() -> list[str]:
    """I04: counters hold what the results add up to, in total and by day, and none is above its cap."""
    over = CourseCounter.objects.filter(used__gt=F("cap"))
    in_total = CourseCounter.objects.filter(course=OuterRef("course"), day__isnull=True)
    uncounted = DrawResult.objects.filter(course__isnull=False).exclude(Exists(in_total))
    return [*name_ids(CourseCounter, wrong_counters()), *name_rows(over), *name_rows(uncounted)]


def shares() -> list[str]:
    """I04: no place has given out more than its share, and a prize's places no more than left the stock."""
    gone = Q(issued_at__isnull=False) | Q(status=CodeStatus.RESERVED)
    gone |= Q(status=CodeStatus.VOID, reservations__isnull=False)  # blocked while it was kept for somebody
    over = Allocation.objects.filter(used__gt=F("quota"))
    taken = Allocation.objects.order_by().values_list("prize").annotate(used=Sum("used"))
    left = {prize: GiftCode.objects.filter(gone, prize=prize).distinct().count() for prize, _used in taken}
    return [*name_rows(over), *name_ids(Prize, [prize for prize, used in taken if used > left[prize]])]


def budgets() -> list[str]:
    """I04: of a campaign's budget is used what its awards and the codes kept for somebody are worth, never more."""
    return name_ids(Budget, miscounted_budgets())


def households() -> list[str]:
    """I04: a dwelling has the goods that are counted for it, within its cap; each award of goods has a parcel."""
    placed = Shipment.objects.filter(household=OuterRef("pk")).order_by().values("household")
    counted = Household.objects.annotate(
        taken=Coalesce(Subquery(placed.annotate(n=Count("pk")).values("n")), 0, output_field=BigIntegerField())
    )
    parcels = Award.objects.filter(voided_at__isnull=True, prize__kind__in=GOODS, shipment__isnull=True)
    elsewhere = Shipment.objects.filter(household__isnull=False).exclude(
        household__campaign=F("award__entry__campaign")
    )
    wrong = counted.filter(~Q(used=F("taken")) | Q(used__gt=F("cap")))
    return [*name_rows(wrong), *name_rows(parcels), *name_rows(elsewhere)]


def balances() -> list[str]:
    """I05: balance = face value - redemptions + reversals, within 0 and face value; nothing is given back twice."""
    returns = Redemption.objects.exclude(kind=RedemptionKind.REDEEM)
    given_back = returns.filter(reverses=OuterRef("pk")).order_by().values("reverses").annotate(jpy=Sum("amount_jpy"))
    uses = Redemption.objects.filter(kind=RedemptionKind.REDEEM)
    uses = uses.annotate(given_back=Coalesce(Subquery(given_back.values("jpy")), 0, output_field=BigIntegerField()))
    miscounted = uses.exclude(reversed_jpy=F("given_back")) | uses.filter(given_back__gt=F("amount_jpy"))
    unlike = returns.exclude(
        gift_code=F("reverses__gift_code"), store=F("reverses__store"), reverses__kind=RedemptionKind.REDEEM
    )
    out_of_bounds = GiftCode.objects.filter(Q(balance_jpy__gt=F("face_value_jpy")) | Q(balance_jpy__lt=0))
    pos = Redemption.objects.exclude(pos_transaction_id="")
    same_pos = pos.filter(
        agency=OuterRef("agency"), store=OuterRef("store"), pos_transaction_id=OuterRef("pos_transaction_id")
    )
    return [
        *name_ids(GiftCode, codes_out_of_balance()),
        *name_ids(GiftCode, codes_that_books_contradict()),
        *name_rows(out_of_bounds),
        *name_rows(miscounted),
        *name_rows(unlike),
        *name_rows(pos.filter(Exists(same_pos.exclude(pk=OuterRef("pk"))))),
    ]


def books() -> list[str]:
    """I06: every line at a till is booked so, every posting has its reason, and settled days stay."""
    lines = Redemption.objects.filter(store=OuterRef("store"), business_day=OuterRef("business_day")).order_by()
    uses = lines.filter(kind=RedemptionKind.REDEEM).values("store").annotate(jpy=Sum("amount_jpy")).values("jpy")
    returns = lines.exclude(kind=RedemptionKind.REDEEM).values("store").annotate(jpy=Sum("amount_jpy")).values("jpy")
    settled = Settlement.objects.annotate(
        net=Coalesce(Subquery(uses), 0, output_field=BigIntegerField())
        - Coalesce(Subquery(returns), 0, output_field=BigIntegerField())
    )
    return [
        *name_ids(Redemption, redemptions_without_posting()),
        *name_ids(LedgerTransfer, transfers_out_of_nowhere()),
        *name_rows(settled.exclude(net_jpy=F("net"))),
    ]


def buried_sales() -> list[str]:
    """I07: a sale that its till undid is given back in full, also where either is known by a hash of its number."""
    stones = Tombstone.objects.filter(
        agency=OuterRef("agency"), store=OuterRef("store"), pos_transaction_id=OuterRef("pos_transaction_id")
    )
    alive = Redemption.objects.filter(kind=RedemptionKind.REDEEM, reversed_jpy__lt=F("amount_jpy"))
    found = name_rows(alive.exclude(pos_transaction_id="").filter(Exists(stones)))
    return [*found, *name_ids(Redemption, sales_alive_though_undone())]


def doubled_calls(now: datetime) -> list[str]:
    """I07: no call at a till has made two lines, for as long as its answer is kept; names the later one."""
    key = Substr("call_hashes", 1, Length("call_hashes") - BODY_HASH)
    lines = Redemption.objects.exclude(call_hashes="").filter(at__gt=now - TILLS_ASK).order_by()
    by_key = lines.values("agency", key=key).annotate(made=Count("pk"), last=Max("pk"))
    return name_ids(Redemption, by_key.filter(made__gt=1).values_list("last", flat=True))


def reveals() -> list[str]:
    """I13: a code was shown as often as the trail says, less what its supplier then did not show."""
    trail = AuditEntry.objects.filter(subject_type=Award._meta.label_lower).order_by()
    lines = trail.filter(action__in=[*SHOWN, "code.not_shown"])
    sign = Case(When(action="code.not_shown", then=-1), default=1)
    noted = {subject: n for subject, n in lines.values_list("subject_id").annotate(n=Sum(sign)) if n}
    shown = Award.objects.filter(reveal_count__gt=0).values_list("pk", "public_id", "reveal_count")
    wrong = [pk for pk, public_id, count in shown.iterator() if noted.pop(str(public_id), 0) != count]
    never_shown = Award.objects.filter(public_id__in=noted)  # a line without its showing
    return [*name_ids(Award, wrong), *name_rows(never_shown)]


def impossible_value() -> list[str]:
    """I10: states of codes, awards and draws that no service leads to."""
    awards = Award.objects.filter(
        Q(revealed_at__isnull=True, reveal_count__gt=0)
        | Q(revealed_at__isnull=False, reveal_count=0)
        | Q(revealed_at__isnull=False, claimed_at__isnull=True)
        | Q(voided_at__isnull=False, gift_code__status=CodeStatus.ISSUED)
    )
    codes = GiftCode.objects.filter(
        Q(status__in=IN_STOCK, issued_at__isnull=False)
        | Q(status__in=IN_STOCK) & ~Q(balance_jpy=F("face_value_jpy"))
        | Q(redeemed_at__isnull=False, balance_jpy=F("face_value_jpy"), face_value_jpy__gt=0)
        | Q(redeemed_at__isnull=True, balance_jpy__lt=F("face_value_jpy"))
    )
    unproved = Q(drawn_at__isnull=True) | Q(seed="")
    draws = Draw.objects.filter((Q(status=DrawStatus.DRAWN) & unproved) | (Q(status=DrawStatus.PLANNED) & ~Q(seed="")))
    return [*name_rows(awards), *name_rows(codes), *name_rows(draws)]
