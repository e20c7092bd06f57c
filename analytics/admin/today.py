"""今日やること: each duty with its number, how urgent it is, and the button that leads there."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.desk.tenancy import signed_in
from accounts.models import User
from accounts.selectors import agencies_where
from analytics.admin.duties import ROWS, Duty, agencies_of, parcels
from analytics.admin.report import VIEW, funnel_context, number
from campaigns.models import GOODS, Campaign, CampaignStatus, Mechanic, Prize
from campaigns.selectors import publish_obstacles
from codes.alarm_mail import SPENT_PERCENT
from codes.figures import PrizeStock, batches_with_codeless, stock_of_prizes
from codes.models import BudgetAlarm, CodeJob, DisputeStatus, JobStatus, OfflineDispute, StockAlarm
from codes.reveal_quota import heavy_revealers
from codes.selectors import paused_fetched_batches
from core import clock
from core.clock import inclusive_end
from core.japanese import format_yen
from distribution.models import Delivery
from distribution.selectors import TROUBLED
from draws.models import Draw, DrawStatus
from draws.selectors import late_entries
from eligibility.models import ReviewCase, ReviewStatus
from participants.selectors import campaign_with_newest_entry

SOON = timedelta(days=3)
FAILURES_SHOWN = timedelta(days=3)


def today_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the first page what the user may do today."""
    user = signed_in(request)
    now = clock.now()
    makers = (
        _review,
        _stock,
        _budgets,
        _bulk_work,
        _disputes,
        _suppliers,
        _codeless,
        _deliveries,
        parcels,
        _draws,
        _late,
        _reveals,
        _moving,
        _incomplete,
    )
    duties = [duty for maker in makers if (duty := maker(user, now)) is not None]
    return {
        **context,
        **_funnel(request),
        "title": gettext("Today"),
        "duties": [duty for duty in duties if duty.count],
        "quiet": [duty for duty in duties if not duty.count],
        "today": timezone.localtime(now),
    }


def _funnel(request: HttpRequest) -> dict[str, Any]:
    """Show the campaign that was chosen, else the one entered last, else the one that opened last."""
    user = signed_in(request)
    if not user.has_perm(VIEW):
        return {}
    campaigns = Campaign.objects.filter(agency__in=agencies_where(user, VIEW)).exclude(status=CampaignStatus.DRAFT)
    campaigns = campaigns.order_by("-entry_opens_at", "-pk")
    chosen = campaigns.filter(pk=number(request.GET.get("campaign"))).first()
    chosen = chosen or campaign_with_newest_entry(campaigns) or campaigns.first()
    return {"campaigns": campaigns, **funnel_context(chosen, "total")}


def _review(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "eligibility.change_reviewcase")
    if agencies is None:
        return None
    cases = ReviewCase.objects.filter(agency__in=agencies, status=ReviewStatus.OPEN).order_by("created_at")
    oldest = cases.first()
    hours = int((now - oldest.created_at).total_seconds() // 3600) if oldest else 0
    overdue = cases.filter(due_at__lt=now).count()
    note = gettext("The oldest has waited for %(hours)s hours.") % {"hours": hours}
    if overdue:
        note = " ".join([note, gettext("%(count)s are overdue.") % {"count": overdue}])
    return Duty(
        _("Review by eye"),
        cases.count(),
        note if oldest else _("Nobody waits."),
        f"{reverse('admin:eligibility_reviewcase_next')}?by=due"
        if oldest
        else reverse("admin:eligibility_reviewcase_changelist"),
        _("Begin with what is due first"),
        is_urgent=overdue > 0 or hours >= 24,
    )


def _stock(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "codes.change_codebatch")
    if agencies is None:
        return None
    running = [CampaignStatus.SCHEDULED, CampaignStatus.OPEN, CampaignStatus.PAUSED, CampaignStatus.CLOSED]
    prizes = Prize.objects.filter(course__campaign__agency__in=agencies, course__campaign__status__in=running)
    lines = stock_of_prizes(prizes.exclude(kind__in=GOODS).select_related("course__campaign"))
    alarms = {alarm.prize_id: alarm for alarm in StockAlarm.objects.filter(agency__in=agencies, ended_at__isnull=True)}
    low = [line for line in lines if line.prize.pk in alarms or line.is_scarce]
    low.sort(key=lambda line: line.left)
    rows = [(_stock_text(line, alarms.get(line.prize.pk)), _stock_url(line)) for line in low[:ROWS]]
    return Duty(
        _("Stock that runs out"),
        len(low),
        _("Winners wait while a prize has no code."),
        reverse("admin:codes_stock"),
        _("See the stock"),
        is_urgent=any(line.left == 0 or line.prize.pk in alarms for line in low),
        rows=rows,
    )


def _stock_text(line: PrizeStock, alarm: StockAlarm | None) -> str:
    named = {"prize": line.prize.name, "campaign": line.prize.course.campaign.title, "left": f"{line.left:,}"}
    if alarm is None or alarm.runs_out_at is None:
        return gettext("%(prize)s (%(campaign)s): %(left)s left") % named
    named["at"] = f"{timezone.localtime(alarm.runs_out_at):%m/%d %H:%M}"
    return gettext("%(prize)s (%(campaign)s): %(left)s left, until about %(at)s") % named


def _stock_url(line: PrizeStock) -> str:
    return f"{reverse('admin:codes_codebatch_import_file')}?prize={line.prize.pk}"


def _budgets(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "codes.change_codebatch")
    if agencies is None:
        return None
    alarms = BudgetAlarm.objects.filter(agency__in=agencies, ended_at__isnull=True, campaign__budget__isnull=False)
    low = list(alarms.select_related("campaign__budget").order_by("-level_percent", "raised_at"))
    rows = [(_budget_text(a), f"{reverse('admin:codes_stock')}?campaign={a.campaign_id}") for a in low[:ROWS]]
    return Duty(
        _("Budgets that run out"),
        len(low),
        _("When a budget is used up, nobody wins any more."),
        reverse("admin:codes_stock"),
        _("See the stock"),
        is_urgent=any(alarm.level_percent >= SPENT_PERCENT for alarm in low),
        rows=rows,
    )


def _budget_text(alarm: BudgetAlarm) -> str:
    budget = alarm.campaign.budget
    named = {"campaign": alarm.campaign.title, "left": format_yen(budget.left_jpy), "percent": budget.used_percent}
    if alarm.level_percent >= SPENT_PERCENT:
        return gettext("%(campaign)s: used up, %(left)s left") % named
    if alarm.runs_out_at is None:
        return gettext("%(campaign)s: %(percent)s%% given, %(left)s left") % named
    named["at"] = f"{timezone.localtime(alarm.runs_out_at):%m/%d %H:%M}"
    return gettext("%(campaign)s: %(percent)s%% given, %(left)s left, until about %(at)s") % named


def _bulk_work(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "codes.change_codejob")
    if agencies is None:
        return None
    recent = Q(status=JobStatus.FAILED, created_at__gt=now - FAILURES_SHOWN)
    found = CodeJob.objects.filter(Q(status=JobStatus.WAITING) | recent, agency__in=agencies).select_related("batch")
    rows = [
        (
            f"{job.batch or job.parameters.get('name', '')}: {job.get_kind_display()} ({job.get_status_display()})",
            reverse("admin:codes_codejob_change", args=[job.pk]),
        )
        for job in found.order_by("pk")[:ROWS]
    ]
    return Duty(
        _("Bulk work on codes to confirm or look at"),
        found.count(),
        _("It waits for a second person, or failed within the last days."),
        reverse("admin:codes_codejob_changelist") + "?status__in=waiting,failed",
        _("See the work"),
        is_urgent=bool(rows),
        rows=rows,
    )


def _disputes(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "codes.change_offlinedispute")
    if agencies is None:
        return None
    found = OfflineDispute.objects.filter(agency__in=agencies, status=DisputeStatus.OPEN)
    sums = found.aggregate(count=Count("pk"), total=Sum("amount_jpy", default=0))
    return Duty(
        _("Disputed uses"),
        sums["count"],
        gettext("Taken without a network and not booked: %(total)s in all. Somebody has to bear them.")
        % {"total": format_yen(sums["total"])},
        reverse("admin:codes_offlinedispute_changelist") + "?status__exact=open",
        _("Decide on them"),
        is_urgent=sums["count"] > 0,
    )


def _suppliers(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "codes.change_codebatch")
    if agencies is None:
        return None
    paused = paused_fetched_batches().filter(agency__in=agencies).order_by("updated_at")
    batches = reverse("admin:codes_codebatch_changelist") + "?status__exact=paused"
    rows = [
        (f"{b.name}: {b.status_reason}", reverse("admin:codes_codebatch_change", args=[b.pk])) for b in paused[:ROWS]
    ]
    return Duty(
        _("Suppliers that do not deliver"),
        paused.count(),
        _("Batches held back: winners of their prizes wait."),
        batches,
        _("See the batches"),
        is_urgent=bool(rows),
        rows=rows,
    )


def _codeless(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "codes.change_codebatch")
    if agencies is None:
        return None
    found = batches_with_codeless([agency.pk for agency in agencies])
    rows = [
        (f"{batch.name}: {left:,}", reverse("admin:codes_codebatch_change", args=[batch.pk]))
        for batch, left in found[:ROWS]
    ]
    return Duty(
        _("Winners without a code after a recall"),
        sum(left for _batch, left in found),
        _("They read that another code is being prepared. Bring codes in, then give them theirs."),
        reverse("admin:codes_codebatch_changelist") + "?status__exact=recalled",
        _("See the batches"),
        is_urgent=bool(rows),
        rows=rows,
    )


def _deliveries(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "distribution.change_delivery")
    if agencies is None:
        return None
    troubled = Delivery.objects.filter(agency__in=agencies, status__in=TROUBLED)
    return Duty(
        _("Deliveries that did not arrive"),
        troubled.count(),
        _("Sent to an address that refused, or without an answer."),
        reverse("admin:distribution_delivery_changelist") + "?state=trouble",
        _("See the deliveries"),
        is_urgent=troubled.filter(award__isnull=False).exists(),
    )


def _draws(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "draws.add_draw")
    if agencies is None:
        return None
    drawn = Draw.objects.filter(status=DrawStatus.DRAWN).values("campaign")
    due = Campaign.objects.filter(agency__in=agencies, mechanic=Mechanic.LATER, status=CampaignStatus.CLOSED).exclude(
        pk__in=drawn
    )
    rows = [(c.title, reverse("admin:draws_draw_run", args=[c.pk])) for c in due[:ROWS]]
    return Duty(
        _("Draws due"),
        due.count(),
        _("Closed campaigns whose winners are not drawn yet."),
        reverse("admin:draws_draw_changelist"),
        _("To the draw desk"),
        is_urgent=bool(rows),
        rows=rows,
    )


def _late(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "draws.add_draw")
    if agencies is None:
        return None
    waiting = late_entries().filter(agency__in=agencies)
    campaigns = Campaign.objects.filter(pk__in=waiting.values("campaign")).order_by("entry_closes_at")
    return Duty(
        _("Accepted after the draw"),
        waiting.count(),
        _("Their campaign was drawn already. They wait for a supplementary draw or a prize by hand."),
        reverse("admin:draws_draw_changelist"),
        _("To the draw desk"),
        is_urgent=waiting.exists(),
        rows=[(c.title, reverse("admin:draws_draw_late", args=[c.pk])) for c in campaigns[:ROWS]],
    )


def _reveals(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "codes.reveal_giftcode")
    if agencies is None:
        return None
    people = heavy_revealers(agency_ids=agencies.values("pk"), now=now)
    text = gettext("%(name)s was shown %(count)s codes today")
    trail = reverse("admin:accounts_auditentry_changelist") + "?action=code.revealed_at_desk"
    return Duty(
        _("Codes shown at the desk"),
        len(people),
        _("One person was shown many codes today. Please look whether each was needed."),
        trail,
        _("See the audit trail"),
        is_urgent=bool(people),
        rows=[(text % {"name": person.get_username(), "count": count}, trail) for person, count in people[:ROWS]],
    )


def _moving(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "campaigns.change_campaign")
    if agencies is None:
        return None
    opening = Q(status=CampaignStatus.SCHEDULED, entry_opens_at__lte=now + SOON)
    closing = Q(status__in=[CampaignStatus.OPEN, CampaignStatus.PAUSED], entry_closes_at__lte=now + SOON)
    moving = Campaign.objects.filter(opening | closing, agency__in=agencies).order_by("entry_closes_at")
    return Duty(
        _("Opening or closing within three days"),
        moving.count(),
        _("Please look at page, stock and inquiry desk once more."),
        reverse("admin:campaigns_campaign_changelist"),
        _("See the campaigns"),
        rows=[(_moving_text(c), reverse("admin:campaigns_campaign_change", args=[c.pk])) for c in moving[:ROWS]],
    )


def _moving_text(campaign: Campaign) -> str:
    if campaign.status == CampaignStatus.SCHEDULED:
        at = timezone.localtime(campaign.entry_opens_at)
        return gettext("%(title)s opens at %(at)s") % {"title": campaign.title, "at": f"{at:%m/%d %H:%M}"}
    at = timezone.localtime(inclusive_end(campaign.entry_closes_at))
    return gettext("%(title)s runs until %(at)s") % {"title": campaign.title, "at": f"{at:%m/%d %H:%M}"}


def _incomplete(user: User, now: datetime) -> Duty | None:
    agencies = agencies_of(user, "campaigns.change_campaign")
    if agencies is None:
        return None
    drafts = Campaign.objects.filter(agency__in=agencies, status=CampaignStatus.DRAFT)
    rows = []
    for draft in drafts.order_by("entry_opens_at")[:ROWS]:
        gaps = len(publish_obstacles(draft, now))
        text = gettext("%(title)s: %(gaps)s things missing") if gaps else gettext("%(title)s: ready to publish")
        rows.append(
            (text % {"title": draft.title, "gaps": gaps}, reverse("admin:campaigns_campaign_change", args=[draft.pk]))
        )
    return Duty(
        _("Drafts"),
        drafts.count(),
        _("Not published yet."),
        reverse("admin:campaigns_campaign_changelist") + "?status__exact=draft",
        _("See the drafts"),
        rows=rows,
    )
