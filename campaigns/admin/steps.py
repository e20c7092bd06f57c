"""The steps in which a campaign is set up, in the order of the work."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.admin import inlines
from campaigns.errors import Obstacle


@dataclass(frozen=True)
class Step:
    """One page of the set-up: `settles` names the obstacles' fields that are put right here."""

    name: str
    title: str | Promise
    lead: str | Promise
    fieldsets: tuple[Any, ...]
    inlines: tuple[Any, ...] = ()
    settles: tuple[str, ...] = ()


PLAN = Step(
    "plan",
    _("1 Plan"),
    _("What the campaign is for, whose it is, and when it runs. All times are Japan time; ends include the minute."),
    (
        (None, {"fields": ("sponsor", "title", "slug", ("objective", "mechanic"))}),
        (_("Entry period"), {"fields": (("entry_opens_at", "entry_closes_at"),)}),
        (_("Budget"), {"fields": ("budget_jpy",)}),
        (_("Law on premiums"), {"fields": (("trade_value_jpy", "projected_sales_jpy"),)}),
        (
            _("Delivery"),
            {
                "fields": (
                    ("delivery_opens_at", "delivery_closes_at"),
                    ("claim_days", "announced_winner_count"),
                    ("claim_binding", "claim_reminder_days"),
                    "photo_days",
                )
            },
        ),
    ),
    (inlines.KpiTargetInline,),
    ("kpi_targets", "entry_closes_at", "projected_sales_jpy", "budget_jpy"),
)
OFFER = Step(
    "offer",
    _("2 Prizes"),
    _("Courses such as A賞 and B賞, with the prizes that each winner receives, and their limits."),
    (
        (None, {"fields": ("shows_remaining",)}),
        (_("Goods that are sent"), {"fields": (("goods_per_household", "address_days"),)}),
    ),
    (inlines.PrizeCourseInline,),
    ("courses", "goods_per_household"),
)
CONDITIONS = Step(
    "conditions",
    _("3 Conditions"),
    _("Who may enter. Every group has to be met; within a group, as many conditions as you choose."),
    (
        (None, {"fields": (("entries_per_person", "entries_per_person_a_day"), ("appeal_days", "appeal_answer_days"))}),
        (_("Purchase period"), {"fields": (("purchase_from_on", "purchase_until_on"),)}),
    ),
    (
        inlines.RuleGroupInline,
        inlines.TargetProductInline,
        inlines.TargetStoreInline,
        inlines.SurveyInline,
    ),
    ("rules", "purchase_from_on", "survey"),
)
PAGES = Step(
    "pages",
    _("4 Page and terms"),
    _("What entrants read. Changing the terms after publishing makes a new version; earlier entries keep theirs."),
    ((None, {"fields": ("summary", "how_to_enter", "hero_image", "terms_body")}),),
    (),
    ("terms",),
)
LINKS = Step(
    "links",
    _("5 Links"),
    _("One address and QR for each place where the campaign is announced, so that you see what worked."),
    ((None, {"fields": ()}),),
    (inlines.TrackedLinkInline,),
)
STEPS = (PLAN, OFFER, CONDITIONS, PAGES, LINKS)
BY_NAME = {step.name: step for step in STEPS}


def step_after(step: Step) -> Step | None:
    """Give the next page of the set-up."""
    position = STEPS.index(step) + 1
    return STEPS[position] if position < len(STEPS) else None


def step_of(obstacle: Obstacle) -> Step:
    """Tell on which page an obstacle is put right."""
    return next((step for step in STEPS if obstacle.field in step.settles), PLAN)
