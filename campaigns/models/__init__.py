"""What is offered, when, to whom, by which agency."""

from campaigns.models.budget import Budget
from campaigns.models.campaign import (
    Campaign,
    CampaignStatus,
    ClaimBinding,
    KpiMetric,
    KpiTarget,
    Mechanic,
    Objective,
)
from campaigns.models.offer import (
    GOODS,
    Custody,
    GiftBrand,
    Prize,
    PrizeCourse,
    PrizeKind,
    TermsVersion,
    TrackedLink,
    TrackedLinkChannel,
    UseConditions,
    UseMode,
)
from campaigns.models.rules import (
    Combination,
    EntryRule,
    RuleGroup,
    RuleKind,
    RuleVersion,
    TargetProduct,
    TargetStore,
)
from campaigns.models.sponsors import Sponsor, Store
from campaigns.models.survey import Question, QuestionKind, Survey

__all__ = [
    "GOODS",
    "Budget",
    "Campaign",
    "CampaignStatus",
    "ClaimBinding",
    "Combination",
    "Custody",
    "EntryRule",
    "GiftBrand",
    "KpiMetric",
    "KpiTarget",
    "Mechanic",
    "Objective",
    "Prize",
    "PrizeCourse",
    "PrizeKind",
    "Question",
    "QuestionKind",
    "RuleGroup",
    "RuleKind",
    "RuleVersion",
    "Sponsor",
    "Store",
    "Survey",
    "TargetProduct",
    "TargetStore",
    "TermsVersion",
    "TrackedLink",
    "TrackedLinkChannel",
    "UseConditions",
    "UseMode",
]
