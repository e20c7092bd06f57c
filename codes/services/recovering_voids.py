"""After a restore: what was blocked, withdrawn or called back since is so again, without anybody's doing (F27).

It comes after awards and uses: what was given and used before it was blocked has to be known first.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction

from accounts import audit
from codes.journal import Line
from codes.models import (
    Award,
    BatchStatus,
    CodeBatch,
    CodeJob,
    CodeStatus,
    GiftCode,
    JobKind,
    JobStatus,
    Reservation,
    ReservationStatus,
)
from codes.reasons import FROM_JOURNAL
from codes.services.awarding import void_award
from codes.services.recalling import recall_again
from codes.services.redemption.ledger import withdraw_balance
from codes.services.reserving import release_reservation

AT_ONCE = 500
OVER = (CodeStatus.VOID, CodeStatus.EXPIRED)
IN_USE = (BatchStatus.STAGED, BatchStatus.ACTIVE, BatchStatus.PAUSED)
UNDER_WAY = (JobStatus.QUEUED, JobStatus.RUNNING)


def lost_voids(lines: Iterable[Line]) -> list[Line]:
    """Give the lines of codes that were blocked, of which the database does not know it."""
    found: list[Line] = []
    for chunk in _chunks(lines, "void"):
        over = GiftCode.objects.filter(public_id__in=[line["code"] for line in chunk], status__in=OVER)
        known = {str(public_id) for public_id in over.values_list("public_id", flat=True)}
        found += [line for line in chunk if line["code"] not in known]
    return found


def lost_withdrawals(lines: Iterable[Line]) -> list[Line]:
    """Give the lines of awards that were withdrawn, of which the database does not know it."""
    found: list[Line] = []
    for chunk in _chunks(lines, "withdrawal"):
        over = Award.objects.filter(public_id__in=[line["id"] for line in chunk], voided_at__isnull=False)
        known = {str(public_id) for public_id in over.values_list("public_id", flat=True)}
        found += [line for line in chunk if line["id"] not in known]
    return found


def lost_recalls(lines: Iterable[Line], states: dict[str, Line]) -> dict[int, bool]:
    """Give the batches to be called back again, and whether their recall had come to its end.

    One whose recall was under way at the time of the backup is among them: it must not go on as if nobody had seen
    a code since.
    """
    ended = {line["batch"] for line in lines if line["what"] == "recall_end"}
    recalled = [public_id for public_id, line in states.items() if line["status"] == BatchStatus.RECALLED]
    batches: dict[int, str] = {}
    for start in range(0, len(recalled), AT_ONCE):
        known = CodeBatch.objects.filter(public_id__in=recalled[start : start + AT_ONCE], status__in=IN_USE)
        batches |= {pk: str(public_id) for pk, public_id in known.values_list("pk", "public_id")}
    under_way = CodeJob.objects.filter(kind=JobKind.RECALL, status__in=UNDER_WAY, batch__isnull=False)
    batches |= {pk: str(public_id) for pk, public_id in under_way.values_list("batch", "batch__public_id")}
    return {pk: public_id in ended for pk, public_id in sorted(batches.items())}


@transaction.atomic
def block_again(line: Line, code: GiftCode, now: datetime) -> bool:
    """Block a code for ever; tells whether it was not yet."""
    for reservation in Reservation.objects.filter(gift_code=code, status=ReservationStatus.HELD):
        release_reservation(reservation_id=reservation.pk, now=now)
    code = GiftCode.objects.select_for_update().get(pk=code.pk)
    if not code.can_move_to(CodeStatus.VOID):
        return False
    code.move_to(CodeStatus.VOID, recovered_at=now)
    withdraw_balance(code, now)
    audit.record("code.voided", subject=code, reason=FROM_JOURNAL, at=line["at"])
    return True


def withdraw_again(lines: list[Line], now: datetime) -> int:
    """Withdraw awards that the journal knows to have been; returns how many. One that nobody has again is none."""
    done = 0
    for start in range(0, len(lines), AT_ONCE):
        ids = [line["id"] for line in lines[start : start + AT_ONCE]]
        for award_id in Award.objects.filter(public_id__in=ids, voided_at__isnull=True).values_list("pk", flat=True):
            void_award(award_id=award_id, reason=FROM_JOURNAL, now=now)
            done += 1
    return done


def call_back_again(recalls: dict[int, bool], now: datetime) -> int:
    """Call batches back; returns how many codes were blocked."""
    return sum(
        recall_again(batch_id=batch_id, was_finished=was_finished, now=now)
        for batch_id, was_finished in recalls.items()
    )


def _chunks(lines: Iterable[Line], what: str) -> Iterator[list[Line]]:
    of_kind = [line for line in lines if line["what"] == what]
    for start in range(0, len(of_kind), AT_ONCE):
        yield of_kind[start : start + AT_ONCE]
