"""Stock of codes, what was awarded, and what was redeemed."""

from codes.models.awards import Award
from codes.models.jobs import CodeJob, FileProblem, JobKind, JobStatus
from codes.models.journal import RecoveredCall, UnwrittenLine
from codes.models.places import (
    Allocation,
    Reservation,
    ReservationStatus,
    StockAlarm,
    StockCount,
    SupplierCard,
    SupplierCardStatus,
)
from codes.models.stock import (
    BatchPurpose,
    BatchStatus,
    CodeBatch,
    CodeFormat,
    CodeSource,
    CodeStatus,
    GiftCode,
)
from codes.models.tills import (
    MAX_JPY,
    CodeLock,
    DisputeStatus,
    LedgerAccount,
    LedgerTransfer,
    OfflineDispute,
    Redemption,
    RedemptionKind,
    Settlement,
    ShownNumber,
    Terminal,
    Tombstone,
)

__all__ = [
    "MAX_JPY",
    "Allocation",
    "Award",
    "BatchPurpose",
    "BatchStatus",
    "CodeBatch",
    "CodeFormat",
    "CodeJob",
    "CodeLock",
    "CodeSource",
    "CodeStatus",
    "DisputeStatus",
    "FileProblem",
    "GiftCode",
    "JobKind",
    "JobStatus",
    "LedgerAccount",
    "LedgerTransfer",
    "OfflineDispute",
    "RecoveredCall",
    "Redemption",
    "RedemptionKind",
    "Reservation",
    "ReservationStatus",
    "Settlement",
    "ShownNumber",
    "StockAlarm",
    "StockCount",
    "SupplierCard",
    "SupplierCardStatus",
    "Terminal",
    "Tombstone",
    "UnwrittenLine",
]
