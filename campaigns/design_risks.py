"""Whether a campaign's own design attracts fraud: said before publishing, with what to change; it forbids nothing."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, ClaimBinding, EntryRule, Mechanic, Prize

HIGH_VALUE_JPY = 1000
MANY_ENTRIES = 10


@dataclass(frozen=True)
class DesignRisk:
    """A stable code, and a sentence with the reason and what to change."""

    code: str
    message: str | Promise


def design_risks(campaign: Campaign) -> list[DesignRisk]:
    """List what in a campaign's design makes fraud worth while."""
    values = Prize.objects.filter(course__campaign=campaign).values_list("face_value_jpy", flat=True)
    is_valuable = max(values, default=0) >= HIGH_VALUE_JPY
    is_sure = campaign.mechanic in (Mechanic.EVERYONE, Mechanic.FIRST_COME)
    has_rules = EntryRule.objects.filter(group__campaign=campaign).exists()
    found = (
        (
            is_valuable and is_sure and not has_rules,
            "sure_prize_without_condition",
            _("A prize of 1,000 yen or more is sure and asks for no proof. Ask for a receipt or a serial code."),
        ),
        (
            is_valuable and campaign.entries_per_person >= MANY_ENTRIES,
            "many_entries_per_person",
            _("One person may enter ten times or more for a prize of 1,000 yen or more. Lower the limit per person."),
        ),
        (
            is_valuable and campaign.mechanic != Mechanic.LATER and campaign.claim_binding == ClaimBinding.NONE,
            "prize_for_whoever_has_the_link",
            _("Prizes of 1,000 yen or more are given at once to whoever has the link. Choose who may open the code."),
        ),
    )
    return [DesignRisk(code, message) for applies, code, message in found if applies]
