"""What is offered, when, to whom, by which agency."""

from campaigns.models.campaign import (
    Campaign,
    CampaignStatus,
    KpiMetric,
    KpiTarget,
    Mechanic,
    Objective,
)
from campaigns.models.offer import (
    Prize,
    PrizeCourse,
    PrizeKind,
    TermsVersion,
    TrackedLink,
    TrackedLinkChannel,
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
    "Campaign",
    "CampaignStatus",
    "Combination",
    "EntryRule",
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
]
