"""What was handed out or used goes into the journal before anybody learns of it; a sweep writes what was missed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from codes.errors import JournalUnavailable
from codes.journal import Line, open_journal, pos_index
from codes.models import (
    Award,
    BatchPurpose,
    BatchStatus,
    CodeBatch,
    CodeJob,
    GiftCode,
    OfflineDispute,
    Redemption,
    Tombstone,
    UnwrittenLine,
)
from core import rows
from core.crashpoints import crashpoint

log = structlog.get_logger(__name__)

LINES_AT_ONCE = 1000
BATCHES_IN_A_SWEEP = 20
ENDED = (BatchStatus.RECALLED, BatchStatus.DISCARDED)
BATCH_STATES = (BatchStatus.ACTIVE, BatchStatus.PAUSED, BatchStatus.RECALLED, BatchStatus.DISCARDED)
OF_AWARD = ("agency", "entry", "prize", "gift_code__batch", "result")
OF_REDEMPTION = ("agency", "store", "gift_code__batch", "reverses")


def journal_award(*, award_id: int, now: datetime) -> None:
    """See to it that an award is in the journal; called outside of any transaction, before its code is shown or sent.

    Raises:
        JournalUnavailable: it cannot be written now, so the code must wait.
    """
    award = Award.objects.filter(pk=award_id, journaled_at__isnull=True).select_related(*OF_AWARD).first()
    if award is not None:
        open_journal().append([award_line(award)], now)
        crashpoint("journal.after_line")
        _note_written([award], now)


def journal_after_commit(*, redemption: Redemption, now: datetime) -> None:
    """Write a use or its reversal into the journal once it is committed, before the till has its answer.

    It has happened: a journal that is away delays the line, not the till.
    """
    transaction.on_commit(partial(_journal_redemption, redemption, now), robust=True)


def journal_print(*, job: CodeJob, codes: Sequence[GiftCode], now: datetime) -> None:
    """See to it that the codes of a print run are in the journal; called outside of any transaction, before they leave.

    Raises:
        JournalUnavailable: it cannot be written now, so the codes must wait.
    """
    open_journal().append([print_line(job, codes, now)], now)
    crashpoint("journal.after_line")


def journal_batch_after_commit(*, batch: CodeBatch, now: datetime) -> None:
    """Write into the journal what became of a batch, once it is committed; a sweep repeats it.

    A restore has to know of every batch that was called back or discarded; of the others their awards tell enough,
    except where codes are printed.
    """
    transaction.on_commit(partial(_journal_batches, now, pk=batch.pk), robust=True)


def journal_void(*, gift_code: GiftCode, now: datetime) -> None:
    """See to it, in the caller's transaction, that the journal learns that a code was blocked for ever.

    The line commits with the act and is written before whoever acted has his answer. It has happened: a journal that is
    away delays the line, not the act, and a sweep repeats it.
    """
    _note(void_line(gift_code, now), now)


def journal_withdrawal(*, award: Award, now: datetime) -> None:
    """See to it, as `journal_void`, that the journal learns that an award was withdrawn."""
    _note(withdrawal_line(award, now), now)


def journal_recall_end(*, batch: CodeBatch, now: datetime) -> None:
    """See to it that the journal learns that a recall has come to its end: who is left has seen his code."""
    _note(recall_end_line(batch, now), now)


def journal_undoing(*, stone: Tombstone, now: datetime) -> None:
    """See to it, as `journal_void`, that the journal learns that a till has undone a sale, whether or not it came."""
    _note(undone_line(stone), now)


def journal_dispute(*, dispute: OfflineDispute, now: datetime) -> None:
    """See to it, as `journal_void`, that the journal learns of a disputed use, and how it was settled."""
    _note(dispute_line(dispute, now), now)


def write_missing(*, now: datetime) -> int:
    """Write all that the journal lacks; returns how many lines.

    Raises:
        JournalUnavailable: the rest has to wait.
    """
    awards = Award.objects.filter(journaled_at__isnull=True).select_related(*OF_AWARD)
    redemptions = Redemption.objects.filter(journaled_at__isnull=True).select_related(*OF_REDEMPTION)
    written = 0
    for _batch in range(BATCHES_IN_A_SWEEP):
        found = _write_some(awards, award_line, now) + _write_some(redemptions, redemption_line, now)
        written += found
        if not found:
            break
    return written + _write_batches(now) + _write_noted(now)


def award_line(award: Award) -> Line:
    """Give what the journal holds of an award: ids, keyed hashes and times."""
    code = award.gift_code
    return {
        "what": "award",
        "id": str(award.public_id),
        "at": award.created_at.isoformat(),
        "agency": str(award.agency.public_id),
        "entry": str(award.entry.public_id),
        "prize": str(award.prize.public_id),
        "code": str(code.public_id) if code else None,
        "index": code.code_index if code else None,
        "index_key": code.index_key_id if code else None,
        "batch": str(code.batch.public_id) if code else None,
        "token_key": award.token_key_id,
        "until": award.claim_expires_at.isoformat(),
    }


def redemption_line(redemption: Redemption) -> Line:
    """Give what the journal holds of a use: the till's own number only as a keyed hash."""
    code = redemption.gift_code
    return {
        "what": "redemption",
        "id": str(redemption.public_id),
        "at": redemption.at.isoformat(),
        "agency": str(redemption.agency.public_id),
        "kind": redemption.kind,
        "code": str(code.public_id),
        "index": code.code_index,
        "index_key": code.index_key_id,
        "batch": str(code.batch.public_id),
        "store": str(redemption.store.public_id),
        "amount": redemption.amount_jpy,
        "balance": redemption.balance_after_jpy,
        "reverses": str(redemption.reverses.public_id) if redemption.reverses else None,
        "day": redemption.business_day.isoformat() if redemption.business_day else None,
        "pos": pos_index(redemption.store_id, redemption.pos_transaction_id),
        "call": redemption.call_hashes or None,
        "offline": redemption.occurred_at.isoformat() if redemption.is_offline and redemption.occurred_at else None,
    }


def print_line(job: CodeJob, codes: Sequence[GiftCode], now: datetime) -> Line:
    """Give what the journal holds of some codes of a print run: enough to honour them, nothing to use them."""
    batch = job.batch
    assert batch is not None
    return {
        "what": "print",
        "id": f"{job.public_id}.{codes[0].public_id.hex}",
        "at": now.isoformat(),
        "agency": str(batch.agency.public_id),
        "job": str(job.public_id),
        "form": {name: job.parameters[name] for name in ("form", "symbology", "reason")},
        "prize": str(batch.prize.public_id),
        "batch": str(batch.public_id),
        "name": batch.name,
        "format": batch.code_format,
        "value": batch.face_value_jpy,
        "expires": batch.expires_at.isoformat() if batch.expires_at else None,
        "codes": [f"{code.public_id.hex}:{code.code_index}:{code.index_key_id}" for code in codes],
    }


def void_line(code: GiftCode, now: datetime) -> Line:
    """Give what the journal holds of a code that was blocked."""
    return {
        "what": "void",
        "id": str(code.public_id),
        "at": now.isoformat(),
        "agency": str(code.agency.public_id),
        "code": str(code.public_id),
        "index": code.code_index,
        "index_key": code.index_key_id,
        "batch": str(code.batch.public_id),
    }


def withdrawal_line(award: Award, now: datetime) -> Line:
    """Give what the journal holds of an award that was withdrawn."""
    return {
        "what": "withdrawal",
        "id": str(award.public_id),
        "at": now.isoformat(),
        "agency": str(award.agency.public_id),
        "entry": str(award.entry.public_id),
    }


def undone_line(stone: Tombstone) -> Line:
    """Give what the journal holds of a sale that its till has undone: the till's own number only as a keyed hash."""
    store, number = stone.store, pos_index(stone.store_id, stone.pos_transaction_id)
    return {
        "what": "undone",
        "id": f"{store.public_id}.{number}",
        "at": stone.at.isoformat(),
        "agency": str(store.agency.public_id),
        "store": str(store.public_id),
        "pos": number,
    }


def dispute_line(dispute: OfflineDispute, now: datetime) -> Line:
    """Give what the journal holds of a disputed use: each line all of it, so that the last one is enough.

    The till's own number stands there as a keyed hash only; what a person wrote, and the goods, do not.
    """
    code = dispute.gift_code
    return {
        "what": "dispute",
        "id": f"{dispute.public_id}.{dispute.status}",
        "at": now.isoformat(),
        "agency": str(dispute.agency.public_id),
        "dispute": str(dispute.public_id),
        "status": str(dispute.status),
        "code": str(code.public_id) if code else None,
        "index": code.code_index if code else None,
        "index_key": code.index_key_id if code else None,
        "batch": str(code.batch.public_id) if code else None,
        "store": str(dispute.store.public_id),
        "amount": dispute.amount_jpy,
        "pos": pos_index(dispute.store_id, dispute.pos_transaction_id),
        "reason": dispute.reason_code,
        "occurred": dispute.occurred_at.isoformat(),
        "received": dispute.received_at.isoformat(),
        "resolved": dispute.resolved_at.isoformat() if dispute.resolved_at else None,
    }


def recall_end_line(batch: CodeBatch, now: datetime) -> Line:
    """Give what the journal holds of a recall that came to its end."""
    public_id = str(batch.public_id)
    return {"what": "recall_end", "id": public_id, "at": now.isoformat(), "batch": public_id}


def batch_line(batch: CodeBatch, now: datetime) -> Line:
    """Give what the journal holds of a batch: whether its codes are good."""
    return {
        "what": "print_batch" if batch.purpose == BatchPurpose.PRINT else "batch",
        "id": f"{batch.public_id}.{batch.status}.{now.isoformat()}",
        "at": now.isoformat(),
        "agency": str(batch.agency.public_id),
        "batch": str(batch.public_id),
        "status": batch.status,
    }


def _journal_batches(now: datetime, **which: int) -> None:
    try:
        _write_batches(now, **which)
    except JournalUnavailable as error:
        log.warning("journal_unavailable", reason=error.context.get("reason"))


def _write_batches(now: datetime, **which: int) -> int:
    told = Q(purpose=BatchPurpose.PRINT, status__in=BATCH_STATES) | Q(status__in=ENDED)
    changed = list(
        CodeBatch.objects.filter(told, **which).exclude(journaled_status=F("status")).select_related("agency")
    )
    for batch in changed:
        open_journal().append([batch_line(batch, now)], now)
        CodeBatch.objects.filter(pk=batch.pk).update(journaled_status=batch.status)
    return len(changed)


def _note(line: Line, now: datetime) -> None:
    UnwrittenLine.objects.create(line=line)
    transaction.on_commit(partial(_journal_noted, now), robust=True)


def _journal_noted(now: datetime) -> None:
    try:
        _write_noted(now)
    except JournalUnavailable as error:
        log.warning("journal_unavailable", reason=error.context.get("reason"))


def _write_noted(now: datetime) -> int:
    """Write the lines that acts have left, and drop them; one that is written twice is read once."""
    written = 0
    while noted := list(UnwrittenLine.objects.all()[:LINES_AT_ONCE]):
        open_journal().append([one.line for one in noted], now)
        crashpoint("journal.after_line")
        UnwrittenLine.objects.filter(pk__in=[one.pk for one in noted]).delete()
        written += len(noted)
    return written


def _journal_redemption(redemption: Redemption, now: datetime) -> None:
    try:
        open_journal().append([redemption_line(redemption)], now)
    except JournalUnavailable as error:
        log.warning("journal_unavailable", reason=error.context.get("reason"))
        return
    crashpoint("journal.after_line")
    rows.count("UPDATE codes_redemption SET journaled_at = %s WHERE id = %s", [now, redemption.pk])


def _write_some(rows: QuerySet[Any], line_of: Callable[[Any], Line], now: datetime) -> int:
    some = list(rows.order_by("pk")[:LINES_AT_ONCE])
    if some:
        open_journal().append([line_of(row) for row in some], now)
        crashpoint("journal.after_line")
        _note_written(some, now)
    return len(some)


def _note_written(rows: Sequence[Award | Redemption], now: datetime) -> None:
    """Note that rows are in the journal; an award whose code was replaced meanwhile waits for another line."""
    written = type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows])
    if isinstance(rows[0], Award):
        codes = [row.gift_code_id for row in rows]  # no code is ever another award's
        written = written.filter(Q(gift_code__in=codes) | Q(gift_code__isnull=True))
    written.update(journaled_at=now)
