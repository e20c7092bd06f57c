"""The verdict on an entry with its reasons, who looked at it, and the lists it is checked against."""

from eligibility.models.decisions import Appeal, AppealStatus, Decision, Verdict
from eligibility.models.numbers import AttemptBudget, NumberUse, ReferenceList, ReferenceNumber, Serial, SerialBatch
from eligibility.models.returns import PurchaseReturn, ReturnSource
from eligibility.models.reviews import ReviewCase, ReviewOpinion, ReviewPolicy, ReviewStatus
from eligibility.models.rings import RingAct, RingActKind, RingMember, RingSearch, SuspectedRing

__all__ = [
    "Appeal",
    "AppealStatus",
    "AttemptBudget",
    "Decision",
    "NumberUse",
    "PurchaseReturn",
    "ReferenceList",
    "ReferenceNumber",
    "ReturnSource",
    "ReviewCase",
    "ReviewOpinion",
    "ReviewPolicy",
    "ReviewStatus",
    "RingAct",
    "RingActKind",
    "RingMember",
    "RingSearch",
    "Serial",
    "SerialBatch",
    "SuspectedRing",
    "Verdict",
]
