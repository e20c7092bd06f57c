"""Reads: campaigns as visitors, operators and agencies meet them."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from campaigns.brand_rules import brand_obstacles
from campaigns.budgets import budget_obstacles
from campaigns.errors import (
    CampaignClosed,
    CampaignNotYetOpen,
    CampaignPaused,
    Obstacle,
    PinNotAccepted,
)
from campaigns.models import (
    GOODS,
    Campaign,
    CampaignStatus,
    Combination,
    EntryRule,
    Mechanic,
    Prize,
    RuleKind,
    RuleVersion,
    Store,
    TermsVersion,
    TrackedLink,
)
from campaigns.premium_limits import premium_obstacles
from campaigns.use_conditions import conditions_sentences, use_conditions_of

__all__ = [
    "PUBLISHED",
    "Steps",
    "campaign_by_slug",
    "campaigns_of",
    "check_open",
    "check_store_pin",
    "conditions_sentences",
    "current_rules",
    "current_terms",
    "link_by_token",
    "needed_steps",
    "premium_obstacles",
    "publish_obstacles",
    "store_by_number",
    "use_conditions_of",
]

NOBODYS_PIN = "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0"
PUBLISHED = (
    CampaignStatus.SCHEDULED,
    CampaignStatus.OPEN,
    CampaignStatus.PAUSED,
    CampaignStatus.CLOSED,
    CampaignStatus.SETTLED,
)


@dataclass(frozen=True)
class Steps:
    """What an entrant has to bring, told by the campaign's rules."""

    receipt: bool = False
    serial: bool = False
    reference: bool = False
    survey: bool = False
    line: bool = False
    x: bool = False


def campaigns_of(agencies: QuerySet[Agency]) -> QuerySet[Campaign]:
    """Give the campaigns of some agencies, newest period first."""
    return Campaign.objects.filter(agency__in=agencies).select_related("sponsor")


def campaign_by_slug(slug: str) -> Campaign | None:
    """Find a published campaign by the last part of its address."""
    return Campaign.objects.select_related("sponsor", "agency").filter(slug=slug, status__in=PUBLISHED).first()


def link_by_token(token: str) -> TrackedLink | None:
    """Find a tracked link of a published campaign."""
    links = TrackedLink.objects.select_related("campaign")
    return links.filter(token=token, campaign__status__in=PUBLISHED).first()


def needed_steps(campaign: Campaign) -> Steps:
    """Tell which steps the entry form of a campaign has."""
    kinds = set(EntryRule.objects.filter(group__campaign=campaign).values_list("kind", flat=True))
    return Steps(
        receipt=RuleKind.PURCHASE in kinds,
        serial=RuleKind.SERIAL in kinds,
        reference=RuleKind.REFERENCE in kinds,
        survey=RuleKind.SURVEY in kinds,
        line=RuleKind.LINE_FRIEND in kinds,
        x=RuleKind.X_FOLLOW in kinds,
    )


def current_terms(campaign: Campaign) -> TermsVersion | None:
    """Give the terms that an entrant agrees to now."""
    return campaign.terms.order_by("-number").first()


def current_rules(campaign: Campaign) -> RuleVersion | None:
    """Give the version of the rules that judges entries now."""
    return campaign.rule_versions.order_by("-number").first()


def counts_for_sponsor(campaign: Campaign) -> bool:
    """Tell whether a receipt that counts in another campaign of the sponsor is used up for this one."""
    purchases = EntryRule.objects.filter(group__campaign=campaign, kind=RuleKind.PURCHASE)
    return any(rule.parameters.get("receipt_once") == "sponsor" for rule in purchases)


def receipts_at_most(campaign: Campaign) -> int:
    """Give how many receipts of one entry are added up (合算); one where each purchase has to do alone."""
    purchases = EntryRule.objects.filter(group__campaign=campaign, kind=RuleKind.PURCHASE)
    return min((int(rule.parameters.get("receipts_at_most") or 1) for rule in purchases), default=1)


def check_open(campaign: Campaign, at: datetime) -> None:
    """Refuse an entry outside of the period or the open state.

    Raises:
        CampaignNotYetOpen, CampaignClosed, CampaignPaused: which of the three it is.
    """
    if campaign.is_open(at):
        return
    if campaign.status == CampaignStatus.PAUSED:
        raise CampaignPaused
    if campaign.status in (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED) or at < campaign.entry_opens_at:
        raise CampaignNotYetOpen
    raise CampaignClosed


def store_by_number(*, code: str, agency_id: int | None = None) -> Store | None:
    """Find the active store of a number whose staff may sign in.

    A number is unique in its agency only. Where none is named, it has to be the number of one store alone.
    """
    stores = Store.objects.filter(code=code, is_active=True).exclude(staff_pin_hash="")
    if agency_id is not None:
        stores = stores.filter(agency_id=agency_id)
    found = list(stores.select_related("agency")[:2])
    return found[0] if len(found) == 1 else None


def check_store_pin(store: Store | None, pin: str) -> Store:
    """Let the staff of a store in by its PIN; one PIN is hashed whether there is such a store or not.

    Raises:
        PinNotAccepted: it is wrong, or there is no such store.
    """
    is_right = check_password(pin, NOBODYS_PIN if store is None else store.staff_pin_hash)
    if store is None or not is_right:
        raise PinNotAccepted
    return store


def publish_obstacles(campaign: Campaign, now: datetime) -> list[Obstacle]:
    """List everything that keeps a campaign from being published; empty means it may be."""
    found = [
        obstacle
        for missing, obstacle in (
            *_plan_checks(campaign, now),
            *_offer_checks(campaign),
            *_goods_checks(campaign),
            *_rule_checks(campaign),
        )
        if missing
    ]
    prizes = Prize.objects.filter(course__campaign=campaign).select_related("gift_brand")
    return [
        *found,
        *budget_obstacles(campaign),
        *premium_obstacles(campaign),
        *brand_obstacles(campaign, prizes, current_terms(campaign)),
    ]


Check = tuple[bool, Obstacle]


def _plan_checks(campaign: Campaign, now: datetime) -> list[Check]:
    terms = current_terms(campaign)
    return [
        (
            not campaign.kpi_targets.exists(),
            Obstacle("no_target", _("Set at least one target figure."), "kpi_targets"),
        ),
        (
            campaign.entry_closes_at <= now,
            Obstacle(
                "period_over",
                _("The entry period has already ended."),
                "entry_closes_at",
            ),
        ),
        (
            terms is None or not terms.body.strip(),
            Obstacle("no_terms", _("Write the terms of the campaign."), "terms"),
        ),
    ]


def _offer_checks(campaign: Campaign) -> list[Check]:
    courses = list(campaign.courses.prefetch_related("prizes"))
    instant = campaign.mechanic == Mechanic.INSTANT
    later = campaign.mechanic == Mechanic.LATER
    announced = campaign.announced_winner_count
    seats = sum(course.total_cap or 0 for course in courses)
    several = campaign.mechanic in (Mechanic.EVERYONE, Mechanic.FIRST_COME) and len(courses) > 1
    return [
        (
            not courses,
            Obstacle("no_course", _("Add at least one prize course."), "courses"),
        ),
        (
            any(not course.prizes.all() for course in courses),
            Obstacle("course_without_prize", _("Add a prize to every course."), "courses"),
        ),
        (
            several,
            Obstacle(
                "several_courses",
                _("When everyone wins there is exactly one prize course."),
                "courses",
            ),
        ),
        (
            instant and any(not course.win_rate_per_million for course in courses),
            Obstacle(
                "no_chance",
                _("Set the chance of every course of the instant win."),
                "courses",
            ),
        ),
        (
            instant and sum(course.win_rate_per_million for course in courses) > 1_000_000,
            Obstacle(
                "chance_above_one",
                _("The chances of all courses add up to more than one."),
                "courses",
            ),
        ),
        (
            (later or campaign.mechanic == Mechanic.FIRST_COME) and any(course.total_cap is None for course in courses),
            Obstacle("no_cap", _("Set how many winners each course has in total."), "courses"),
        ),
        (
            later and announced is not None and announced != seats,
            Obstacle("announced_differs", _("The announced number of winners differs from the courses."), "courses"),
        ),
    ]


def _goods_checks(campaign: Campaign) -> list[Check]:
    has_goods = Prize.objects.filter(course__campaign=campaign, kind__in=GOODS).exists()
    return [
        (
            campaign.goods_per_household is not None and not has_goods,
            Obstacle(
                "household_limit_without_goods",
                _(
                    "A limit per household needs goods or samples: an address is asked for only after the win, and only"
                    " to send them. Add such a prize, or take the limit away."
                ),
                "goods_per_household",
            ),
        ),
    ]


def _rule_checks(campaign: Campaign) -> list[Check]:
    steps = needed_steps(campaign)
    groups = list(campaign.rule_groups.prefetch_related("rules"))
    survey = getattr(campaign, "survey", None)
    impossible = any(
        group.combination == Combination.AT_LEAST and not 1 <= group.minimum_count <= len(group.rules.all())
        for group in groups
    )
    return [
        (
            any(not group.rules.all() for group in groups),
            Obstacle(
                "empty_group",
                _("A group of conditions is empty. Add a condition or remove the group."),
                "rules",
            ),
        ),
        (
            impossible,
            Obstacle(
                "impossible_count",
                _("A group asks for more conditions than it has."),
                "rules",
            ),
        ),
        (
            steps.receipt and not (campaign.purchase_from_on and campaign.purchase_until_on),
            Obstacle(
                "no_purchase_period",
                _("Set the purchase period for receipts."),
                "purchase_from_on",
            ),
        ),
        (
            steps.survey and (survey is None or not survey.questions.exists()),
            Obstacle("no_questions", _("Add the questions of the survey."), "survey"),
        ),
    ]
