"""Reads of every stage: the funnel from entries to use, counted from the stages' own rows, never from copies."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Prize, TrackedLink
from codes.models import Award
from core.clock import JST
from distribution.models import DeliveryStatus
from participants.models import Entry, EntryStatus

BREAKDOWNS = ("total", "day", "prize", "link")
ENTRY_STAGES = ("entries", "accepted", "won")
AWARD_STAGES = ("issued", "sent", "opened", "revealed", "redeemed")
STAGES = (*ENTRY_STAGES, *AWARD_STAGES)


@dataclass
class FunnelRow:
    """How many entries of one group reached each stage; `label` names the group for people, `key` for programs.

    By prize, `won` counts winning entries of the prize's course; entries as such belong to no prize and count 0.
    """

    key: str
    label: str
    entries: int = 0
    accepted: int = 0
    won: int = 0
    issued: int = 0
    sent: int = 0
    opened: int = 0
    revealed: int = 0
    redeemed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give the row as JSON types."""
        return asdict(self)


def funnel(campaign: Campaign, by: str = "total") -> list[FunnelRow]:
    """Count how far the entries of a campaign came: in all, by day of entry (JST), by prize or by tracked link.

    A day's row follows the entries of that day to the end, so that the columns of a row describe the same people.

    Raises:
        ValueError: `by` is none of BREAKDOWNS.
    """
    grouping = _GROUPINGS[by] if by in BREAKDOWNS else None
    if grouping is None:
        raise ValueError(f"no breakdown by {by}")
    rows: dict[Any, FunnelRow] = {}
    if grouping.entry_field is not None:
        _add(rows, _entry_counts(campaign, grouping.entry_field), ENTRY_STAGES)
    _add(rows, _award_counts(campaign, grouping.award_field), AWARD_STAGES)
    if by == "prize":
        _add(rows, _winners_by_prize(campaign), ("won",))
    if by == "total" and not rows:
        rows[None] = FunnelRow("", "")
    return grouping.label(campaign, rows)


def stages_with_labels() -> list[tuple[str, str]]:
    """Give the stages in their order with the words that people read."""
    labels = (
        _("entries"),
        _("accepted"),
        _("won"),
        _("issued"),
        _("sent"),
        _("opened"),
        _("revealed"),
        _("redeemed"),
    )
    return list(zip(STAGES, labels, strict=True))


def _entry_counts(campaign: Campaign, group: str) -> Iterable[dict[str, Any]]:
    entries = Entry.objects.filter(campaign=campaign, submitted_at__isnull=False)
    accepted = Q(status__in=[EntryStatus.ACCEPTED, EntryStatus.WON, EntryStatus.LOST])
    grouped = entries.annotate(day=TruncDate("submitted_at", tzinfo=JST)).order_by()
    counts: Iterable[dict[str, Any]] = grouped.values(group).annotate(
        entries=Count("pk"), accepted=Count("pk", filter=accepted), won=Count("pk", filter=Q(status=EntryStatus.WON))
    )
    return counts


def _award_counts(campaign: Campaign, group: str) -> Iterable[dict[str, Any]]:
    awards = Award.objects.filter(entry__campaign=campaign, voided_at__isnull=True)
    sent = Q(delivery__status__in=[DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED])
    used = Q(gift_code__redeemed_at__isnull=False)
    grouped = awards.annotate(day=TruncDate("entry__submitted_at", tzinfo=JST)).order_by()
    counts: Iterable[dict[str, Any]] = grouped.values(group).annotate(
        issued=Count("pk"),
        sent=Count("pk", filter=sent),
        opened=Count("pk", filter=Q(claimed_at__isnull=False)),
        revealed=Count("pk", filter=Q(revealed_at__isnull=False)),
        redeemed=Count("pk", filter=used),
    )
    return counts


def _winners_by_prize(campaign: Campaign) -> Iterable[dict[str, Any]]:
    won = Entry.objects.filter(campaign=campaign, status=EntryStatus.WON).order_by()
    counts: Iterable[dict[str, Any]] = won.values("draw_result__course__prizes").annotate(won=Count("pk"))  # type: ignore[assignment]
    return counts


def _add(rows: dict[Any, FunnelRow], counts: Iterable[dict[str, Any]], stages: Iterable[str]) -> None:
    for count in counts:
        (group,) = (value for name, value in count.items() if name not in STAGES)
        row = rows.setdefault(group, FunnelRow("", ""))
        for stage in stages:
            setattr(row, stage, count[stage])


def _label_total(_campaign: Campaign, rows: dict[Any, FunnelRow]) -> list[FunnelRow]:
    (row,) = rows.values()
    row.key, row.label = "total", _("total")
    return [row]


def _label_days(_campaign: Campaign, rows: dict[Any, FunnelRow]) -> list[FunnelRow]:
    for day, row in rows.items():
        row.key = row.label = day.isoformat()
    return sorted(rows.values(), key=lambda row: row.key)


def _label_prizes(campaign: Campaign, rows: dict[Any, FunnelRow]) -> list[FunnelRow]:
    prizes = Prize.objects.filter(course__campaign=campaign).select_related("course")
    labelled = []
    for prize in prizes:
        row = rows.get(prize.pk, FunnelRow("", ""))
        row.key, row.label = str(prize.public_id), f"{prize.course.name} {prize.name}"
        labelled.append(row)
    return labelled


def _label_links(campaign: Campaign, rows: dict[Any, FunnelRow]) -> list[FunnelRow]:
    labelled = []
    for link in TrackedLink.objects.filter(campaign=campaign).order_by("pk"):
        row = rows.get(link.pk, FunnelRow("", ""))
        row.key, row.label = link.token, str(link)
        labelled.append(row)
    if direct := rows.get(None):
        direct.key, direct.label = "", _("without a tracked link")
        labelled.append(direct)
    return labelled


@dataclass(frozen=True)
class _Grouping:
    entry_field: str | None
    award_field: str
    label: Callable[[Campaign, dict[Any, FunnelRow]], list[FunnelRow]]


_GROUPINGS = {
    "total": _Grouping("campaign_id", "entry__campaign_id", _label_total),
    "day": _Grouping("day", "day", _label_days),
    "prize": _Grouping(None, "prize_id", _label_prizes),
    "link": _Grouping("link_id", "entry__link_id", _label_links),
}
