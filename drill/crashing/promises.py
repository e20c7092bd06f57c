"""What was acknowledged, held against the database: what is missing is lost, what is there twice is doubled."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

FACE_JPY = 500


@dataclass
class Promise:
    """What one person was told; empty where no answer came yet."""

    number: int
    entry: str = ""
    code: str = field(default="", repr=False)
    redemption: str = ""
    redeemed_jpy: int = 0
    reversal: str = ""
    reversed_jpy: int = 0
    reservation: str = ""
    is_released: bool = False

    @property
    def email(self) -> str:
        """The person's address."""
        return f"drill-{self.number}@example.jp"

    @property
    def reference(self) -> str:
        """The agency's own name for the entry, the sale and the reservation."""
        return f"drill-{self.number}"


@dataclass
class Findings:
    """What did not hold, in words without codes."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


def compare(promises: Iterable[Promise]) -> Findings:
    """Look every promise up."""
    findings = Findings()
    promises = list(promises)
    for promise in promises:
        _compare_prize(promise, findings)
        _compare_use(promise, findings)
        _compare_reservation(promise, findings)
    shown = Counter(promise.code for promise in promises if promise.code)
    findings.doubled += ["a code shown to two people" for count in shown.values() if count > 1]
    return findings


def _compare_prize(promise: Promise, findings: Findings) -> None:
    from codes.models import Award
    from codes.selectors import open_code
    from participants.models import Entry

    entries = Entry.objects.filter(external_reference=promise.reference)
    if promise.entry and not entries.filter(public_id=promise.entry).exists():
        findings.lost.append(f"entry of {promise.reference}")
    if entries.count() > 1:
        findings.doubled.append(f"entry of {promise.reference}")
    awards = list(Award.objects.filter(entry__in=entries).select_related("gift_code"))
    if len(awards) > 1:
        findings.doubled.append(f"award of {promise.reference}")
    if promise.code and promise.code not in [open_code(award.gift_code).code for award in awards if award.gift_code]:
        findings.lost.append(f"code of {promise.reference}")


def _compare_use(promise: Promise, findings: Findings) -> None:
    from codes.models import GiftCode, Redemption, RedemptionKind

    if not promise.redemption:
        return
    sales = Redemption.objects.filter(kind=RedemptionKind.REDEEM, pos_transaction_id=promise.reference)
    told = [(promise.redemption, promise.redeemed_jpy)]
    if promise.reversal:
        told.append((promise.reversal, promise.reversed_jpy))
    for public_id, amount in told:
        if not Redemption.objects.filter(public_id=public_id, amount_jpy=amount).exists():
            findings.lost.append(f"amount of {promise.reference}")
    code = GiftCode.objects.filter(redemptions__public_id=promise.redemption).first()
    wanted = FACE_JPY - promise.redeemed_jpy + promise.reversed_jpy
    balance = code.balance_jpy if code else None
    if sales.count() > 1 or (balance is not None and balance < wanted):
        findings.doubled.append(f"use of {promise.reference}")
    elif balance is not None and balance > wanted:
        where = findings.doubled if promise.reversal else findings.lost
        where.append(f"balance of {promise.reference}")


def _compare_reservation(promise: Promise, findings: Findings) -> None:
    from codes.models import Reservation, ReservationStatus

    if not promise.reservation:
        return
    kept = list(Reservation.objects.filter(reference=promise.reference))
    if len(kept) > 1:
        findings.doubled.append(f"reservation of {promise.reference}")
    status = ReservationStatus.RELEASED if promise.is_released else ReservationStatus.HELD
    if (promise.reservation, status) not in [(str(row.public_id), row.status) for row in kept]:
        findings.lost.append(f"reservation of {promise.reference}")
