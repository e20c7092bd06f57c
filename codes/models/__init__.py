"""Stock of codes, what was awarded, and what was redeemed."""

from codes.models.awards import Award, Redemption, RedemptionKind
from codes.models.stock import BatchStatus, CodeBatch, CodeSource, CodeStatus, GiftCode

__all__ = [
    "Award",
    "BatchStatus",
    "CodeBatch",
    "CodeSource",
    "CodeStatus",
    "GiftCode",
    "Redemption",
    "RedemptionKind",
]
