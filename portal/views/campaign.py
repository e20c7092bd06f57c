"""The entry page (入口) in all its states, its theme, its pictures, and the tracked links that lead to it."""

from datetime import datetime
from uuid import UUID

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from campaigns.budgets import is_budget_spent, prizes_left_in_budget
from campaigns.models import GOODS, Campaign, CampaignStatus, EntryRule, Mechanic, Prize, RuleKind
from campaigns.selectors import (
    campaign_by_slug,
    current_terms,
    link_by_token,
    needed_steps,
)
from codes.selectors import available_count, is_in_stock
from core import clock
from participants.models import Entry, TouchKind, TraceKind
from participants.services import keep_traces, record_touch, start_entry
from portal.attempts import client_network
from portal.refusals import answers_refusals
from portal.session import (
    Visitor,
    entries_to_show,
    participant_for,
    remember,
    visitor_of,
)
from portal.theme import theme_css


@require_safe
def campaign_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what there is to win, what is needed, until when; or why no entry is taken now."""
    campaign = _campaign(slug)
    context = {
        "campaign": campaign,
        "sponsor": campaign.sponsor,
        "state": page_state(campaign, clock.now()),
        "left": _left(campaign) if campaign.shows_remaining else None,
        "steps": needed_steps(campaign),
        "courses": campaign.courses.prefetch_related("prizes"),
        "purchase": _purchase_conditions(campaign),
        "products": campaign.target_products.all(),
        "stores": campaign.target_stores.all(),
        "terms": current_terms(campaign),
        "begun": _begun(visitor_of(request), campaign),
    }
    return render(request, "portal/campaign.html", context)


@require_POST
@answers_refusals
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin an entry and remember it in this browser; a second press goes on with the first."""
    campaign = _campaign(slug)
    visitor = visitor_of(request)
    person = participant_for(visitor, campaign)
    now = clock.now()
    entry = start_entry(
        campaign_id=campaign.pk,
        participant_id=person.pk if person else None,
        link_id=visitor.link_of(campaign.pk),
        now=now,
    )
    network = client_network(request)
    traces = {TraceKind.DEVICE: visitor.device, TraceKind.NETWORK: "" if network == "unknown" else network}
    keep_traces(entry_id=entry.pk, traces=traces, now=now)
    response = redirect("portal:entry", public_id=entry.public_id)
    return remember(response, visitor.with_entry(entry))


@require_safe
def tracked_link(request: HttpRequest, token: str) -> HttpResponse:
    """Note by which link somebody came, and lead on to the campaign."""
    link = link_by_token(token)
    if link is None:
        raise Http404
    if request.method == "GET":
        record_touch(
            kind=TouchKind.LINK,
            agency_id=link.campaign.agency_id,
            campaign_id=link.campaign_id,
            link_id=link.pk,
            now=clock.now(),
        )
    response = redirect("portal:campaign", slug=link.campaign.slug)
    response["Cache-Control"] = "no-store"
    return remember(response, visitor_of(request).with_link(link.campaign_id, link.pk))


@require_safe
@cache_control(public=True, max_age=300)
def theme(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the campaign's colours as a style sheet, since the content policy allows none in the page."""
    css = theme_css(_campaign(slug).sponsor.accent_color)
    return HttpResponse(css, content_type="text/css; charset=utf-8")


@require_safe
def picture(request: HttpRequest, slug: str, name: str) -> HttpResponse | FileResponse:
    """Give the campaign's picture or the sponsor's logo."""
    campaign = _campaign(slug)
    return _image(campaign.hero_image if name == "hero" else campaign.sponsor.logo)


@require_safe
def prize_picture(request: HttpRequest, public_id: UUID) -> HttpResponse | FileResponse:
    """Give the picture of a prize."""
    prize = Prize.objects.filter(public_id=public_id).first()
    if prize is None:
        raise Http404
    return _image(prize.picture)


def page_state(campaign: Campaign, now: datetime) -> str:
    """Name the page to show: open, not_yet, paused, closed or sold_out."""
    if campaign.status == CampaignStatus.PAUSED and now < campaign.entry_closes_at:
        return "paused"
    if campaign.status == CampaignStatus.SCHEDULED or now < campaign.entry_opens_at:
        return "not_yet"
    if not campaign.is_open(now):
        return "closed"
    return "sold_out" if _is_sold_out(campaign) else "open"


def _campaign(slug: str) -> Campaign:
    campaign = campaign_by_slug(slug)
    if campaign is None:
        raise Http404
    return campaign


def _is_sold_out(campaign: Campaign) -> bool:
    """A spent budget ends what is decided at once; a prize that is gone only where every accepted entry is to win."""
    if campaign.mechanic != Mechanic.LATER and is_budget_spent(campaign):
        return True
    wins_at_once = campaign.mechanic in (Mechanic.EVERYONE, Mechanic.FIRST_COME)
    return wins_at_once and any(not is_in_stock(prize_id) for prize_id in _coded_prizes(campaign))


def _left(campaign: Campaign) -> int | None:
    counts = [available_count(prize_id) for prize_id in _coded_prizes(campaign)]
    allowed = prizes_left_in_budget(campaign)
    if not counts:
        return allowed
    return sum(counts) if allowed is None else min(sum(counts), allowed)


def _coded_prizes(campaign: Campaign) -> list[int]:
    prizes = Prize.objects.filter(course__campaign=campaign).exclude(kind__in=GOODS)
    return list(prizes.values_list("pk", flat=True))


def _purchase_conditions(campaign: Campaign) -> dict[str, object]:
    rule = EntryRule.objects.filter(group__campaign=campaign, kind=RuleKind.PURCHASE).first()
    return dict(rule.parameters) if rule else {}


def _begun(visitor: Visitor, campaign: Campaign) -> Entry | None:
    """Give the latest entry of this browser in the campaign, to go on with or to look at."""
    mine = [e for e in entries_to_show(visitor) if e.campaign_id == campaign.pk]
    return mine[0] if mine else None


def _image(file: FieldFile) -> FileResponse:
    if not file:
        raise Http404
    try:
        content = file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content)
    response["Cache-Control"] = "public, max-age=300"
    return response
