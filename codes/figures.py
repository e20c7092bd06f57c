"""Figures about the stock: how fast it goes, how long it lasts, what a recall would touch, what came in when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import AuditEntry
from campaigns.models import Prize
from codes.models import Award, BatchStatus, CodeBatch, CodeJob, CodeStatus, GiftCode, JobKind
from codes.selectors import available_count
from core import rows
from core.clock import JST, jst_day, start_of_jst_day

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
HOUR_SECONDS = 3600
ALARM_HOURS = 3
ALARM_SHARE = 0.1  # of what has ever been in stock
FARTHEST = timedelta(days=365)
COUNTED_UP_TO = 1000  # of each batch in a list: few are told exactly, as it is then that they matter
# A range of pairs, in order: equal columns would let the planner read the table from its beginning, as a few rows
# seem to be near; they may lie behind a million that were given out.
LEFT_IN_BATCHES = """
SELECT b.id, (
    SELECT COUNT(*) FROM (
        SELECT 1 FROM codes_giftcode WHERE (batch_id, status) BETWEEN (b.id, %s) AND (b.id, %s)
        ORDER BY batch_id, status LIMIT %s
    ) AS counted
) FROM codes_codebatch b WHERE b.id IN ({batches})
"""


@dataclass(frozen=True)
class Forecast:
    """How long the stock of a prize lasts at the rate of the last day, or of the last week if that is higher."""

    left: int
    per_hour_day: float
    per_hour_week: float
    runs_out_at: datetime | None
    is_low: bool

    @property
    def per_hour(self) -> float:
        """The rate that counts."""
        return max(self.per_hour_day, self.per_hour_week)


@dataclass(frozen=True)
class RecallPreview:
    """What a recall would do: blocked, replaced out of other stock, and left to the desk."""

    unissued: int
    printed: int
    unseen: int
    seen: int
    other_stock: int
    value_jpy: int


@dataclass
class StockDay:
    """What came in and went out on a Japanese day, and what was left at its end."""

    day: date
    came_in: int = 0
    went_out: int = 0
    left: int = 0


@dataclass
class PrizeStock:
    """The codes of a prize by state, their value, and the next day on which some expire."""

    prize: Prize
    states: dict[str, int]
    next_expiry: datetime | None = None

    @property
    def left(self) -> int:
        return self.states[CodeStatus.AVAILABLE]

    @property
    def came_in(self) -> int:
        """All that was ever in stock for winners: what waits for activation is not, nor what was printed for shops."""
        return sum(self.states.values()) - self.states[CodeStatus.STAGED] - self.states[CodeStatus.PRINTED]

    @property
    def is_scarce(self) -> bool:
        """Tell whether a tenth or less is left; who has printed all codes of a prize waits for no more."""
        if not self.came_in and self.states[CodeStatus.PRINTED]:
            return False
        return self.left <= self.came_in * ALARM_SHARE

    @property
    def worth_jpy(self) -> int:
        return self.left * self.prize.face_value_jpy


@dataclass(frozen=True)
class Left:
    """Codes of a batch that are still in stock: all of them, or as many as were counted."""

    count: int = 0
    is_all: bool = True


def left_in_batches(batch_ids: Sequence[int]) -> dict[int, Left]:
    """Count what is left of batches up to COUNTED_UP_TO each, so that a list costs the same however much there is."""
    if not batch_ids:
        return {}
    status = CodeStatus.AVAILABLE.value
    values = [status, status, COUNTED_UP_TO + 1, *batch_ids]
    found = rows.many(LEFT_IN_BATCHES.format(batches=rows.places(batch_ids)), values)
    return {pk: Left(min(count, COUNTED_UP_TO), count <= COUNTED_UP_TO) for pk, count in found}


def stock_of_prizes(prizes: Iterable[Prize]) -> list[PrizeStock]:
    """Count the codes of prizes by state, by the index on batch and state alone."""
    lines = {prize.pk: PrizeStock(prize, dict.fromkeys(CodeStatus.values, 0)) for prize in prizes}
    codes = GiftCode.objects.filter(batch__prize__in=list(lines)).order_by()
    for prize_id, status, count in codes.values_list("batch__prize", "status").annotate(n=Count("pk")):
        lines[prize_id].states[status] = count
    live = CodeBatch.objects.filter(prize__in=list(lines), status=BatchStatus.ACTIVE, expires_at__isnull=False)
    for prize_id, expires_at in live.order_by().values_list("prize").annotate(first=Min("expires_at")):
        lines[prize_id].next_expiry = expires_at
    return list(lines.values())


def forecast(*, stock: PrizeStock, now: datetime) -> Forecast:
    """Tell when a prize runs out, from what was issued in the last 24 hours and the last 7 days."""
    by_day, by_week = (_per_hour(stock.prize.pk, window, now) for window in (DAY, WEEK))
    rate = max(by_day, by_week)
    lasts = timedelta(hours=stock.left / rate) if rate else None
    runs_out_at = now + lasts if lasts is not None and lasts < FARTHEST else None
    is_hurried = lasts is not None and lasts < timedelta(hours=ALARM_HOURS)
    return Forecast(stock.left, by_day, by_week, runs_out_at, is_low=is_hurried or stock.is_scarce)


def stock_days(*, prize: Prize, left: int, days: int, now: datetime) -> list[StockDay]:
    """Tell day by day what came in, went out and was left, back from today; blocked and expired codes left aside."""
    today = jst_day(now)
    rows = {today - timedelta(days=back): StockDay(today - timedelta(days=back)) for back in range(days)}
    since = start_of_jst_day(today - timedelta(days=days - 1))
    came = CodeBatch.objects.filter(prize=prize, activated_at__gte=since).order_by()
    came_on: Any = came.annotate(on=TruncDate("activated_at", tzinfo=JST)).values_list("on")
    for day, count in came_on.annotate(n=Sum("code_count")):
        if day in rows:
            rows[day].came_in = count
    given = Award.objects.filter(prize=prize, created_at__gte=since, gift_code__isnull=False).order_by()
    given_on: Any = given.annotate(on=TruncDate("created_at", tzinfo=JST)).values_list("on")
    for day, count in given_on.annotate(n=Count("pk")):
        if day in rows:
            rows[day].went_out = count
    for row in rows.values():  # from today back
        row.left = max(0, left)
        left += row.went_out - row.came_in
    return list(reversed(rows.values()))


def recall_preview(batch: CodeBatch) -> RecallPreview:
    """Count what a recall of a batch would touch."""
    states = batch_states(batch)
    unissued = sum(states.get(status, 0) for status in (CodeStatus.AVAILABLE, CodeStatus.HELD, CodeStatus.RESERVED))
    printed = states.get(CodeStatus.PRINTED, 0)
    unseen = unseen_awards(batch.pk).count()
    return RecallPreview(
        unissued=unissued,
        printed=printed,
        unseen=unseen,
        seen=seen_awards(batch.pk).count(),
        other_stock=available_count(batch.prize_id) - states.get(CodeStatus.AVAILABLE, 0),
        value_jpy=(unissued + printed + unseen) * batch.face_value_jpy,
    )


def batch_states(batch: CodeBatch) -> dict[str, int]:
    """Count the codes of a batch by state."""
    rows = GiftCode.objects.filter(batch=batch).order_by().values_list("status").annotate(n=Count("pk"))
    return dict(rows)


def unseen_awards(batch_id: int) -> QuerySet[Award]:
    """Give the awards whose code is of a batch and was shown to nobody, in the order of their keys."""
    return _awards_of(batch_id).filter(revealed_at__isnull=True)


def seen_awards(batch_id: int) -> QuerySet[Award]:
    """Give the awards whose code is of a batch and was shown; what becomes of them is the desk's decision."""
    return _awards_of(batch_id).filter(revealed_at__isnull=False)


def codeless_awards(batch_id: int) -> QuerySet[Award]:
    """Give the awards that a recall left with a blocked code which nobody has seen; they wait for other stock."""
    awards = Award.objects.filter(gift_code__batch_id=batch_id, gift_code__status=CodeStatus.VOID)
    return awards.filter(voided_at__isnull=True, revealed_at__isnull=True).order_by("pk")


def batches_with_codeless(agency_ids: Iterable[int]) -> list[tuple[CodeBatch, int]]:
    """Give the recalled batches of some agencies that left winners without a code, with how many still wait.

    Only batches whose recall says so are counted: a look at every blocked code would take too long.
    """
    recalls = CodeJob.objects.filter(agency__in=agency_ids, kind=JobKind.RECALL, report__unreplaced__gt=0)
    batches = CodeBatch.objects.filter(pk__in=recalls.values("batch_id")).select_related("prize").order_by("pk")
    return [(batch, left) for batch in batches if (left := codeless_awards(batch.pk).count())]


def codes_by_trail(batch_ids: Iterable[int]) -> dict[str, int]:
    """Tell for each batch (by public id) how many codes came in according to the trail."""
    public_ids = [
        str(found) for found in CodeBatch.objects.filter(pk__in=batch_ids).values_list("public_id", flat=True)
    ]
    lines = AuditEntry.objects.filter(
        subject_type=CodeBatch._meta.label_lower, subject_id__in=public_ids, action__in=["batch.staged"]
    )
    return {line.subject_id: int(line.facts.get("codes", 0)) for line in lines.order_by("pk")}


def _awards_of(batch_id: int) -> QuerySet[Award]:
    awards = Award.objects.filter(gift_code__batch_id=batch_id, gift_code__status=CodeStatus.ISSUED)
    return awards.filter(voided_at__isnull=True).order_by("pk")


def _per_hour(prize_id: int, window: timedelta, now: datetime) -> float:
    """The rate within a window; one that began within it is not thinned out by the time before."""
    issued = Award.objects.filter(prize_id=prize_id, created_at__gt=now - window, created_at__lte=now)
    found: dict[str, Any] = issued.aggregate(n=Count("pk"), first=Min("created_at"))
    if not found["n"]:
        return 0.0
    seconds = max((now - found["first"]).total_seconds(), HOUR_SECONDS)
    return int(found["n"]) * HOUR_SECONDS / float(seconds)
