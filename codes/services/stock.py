"""Codes come in: staged first, in stock only when a person activates the batch."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap

from django.db import IntegrityError, transaction

from accounts import audit
from campaigns.models import Prize
from codes.csv_import import CodeRow, parse_code_file
from codes.errors import (
    FileAlreadyImported,
    FileNotAccepted,
    QuantityNotAccepted,
    RowProblem,
    SecondPersonNeeded,
)
from codes.loading import insert_codes
from codes.making import make_texts
from codes.models import BatchPurpose, BatchStatus, CodeBatch, CodeFormat, CodeSource, CodeStatus, GiftCode
from codes.services.activating import check_staged, move_codes, needs_second_person, put_into_stock
from codes.services.incoming import (
    CHUNK,
    brand_rows,
    import_sentences,
    known_rows,
    new_batch,
    next_position,
    prize_of,
    sealer_of,
)
from codes.services.journaling import journal_void
from codes.services.places import settle_rest
from codes.services.redemption.ledger import withdraw_balance

MAX_GENERATED = 100_000


@dataclass(frozen=True)
class ImportPreview:
    """What an import would do, in figures and in sentences; nothing has been stored."""

    encoding: str
    row_count: int
    usable_count: int
    total_value_jpy: int
    problems: tuple[RowProblem, ...]
    sentences: tuple[str, ...]


def preview_import(*, prize_id: int, data: bytes) -> ImportPreview:
    """Tell what importing a file would do.

    Raises:
        FileNotAccepted: the file as a whole cannot be read.
    """
    prize = prize_of(prize_id)
    parsed = parse_code_file(data)
    problems = sorted([*parsed.problems, *_known(prize, parsed.rows)], key=lambda problem: problem.row)
    usable = len(parsed.rows) + len(parsed.problems) - len(problems)
    total = usable * prize.face_value_jpy
    return ImportPreview(
        encoding=parsed.encoding,
        row_count=len(parsed.rows) + len(parsed.problems),
        usable_count=usable,
        total_value_jpy=total,
        problems=tuple(problems),
        sentences=tuple(import_sentences(prize, usable, len(problems))),
    )


def import_codes(
    *, prize_id: int, name: str, data: bytes, expires_at: datetime | None, now: datetime, actor_id: int | None = None
) -> CodeBatch:
    """Store the codes of a file as a staged batch, all of them or none.

    Raises:
        FileNotAccepted: a row has a problem; the preview names them all.
        FileAlreadyImported: the same file is staged or in stock.
    """
    prize = prize_of(prize_id)
    parsed = parse_code_file(data)
    if problems := [*parsed.problems, *_known(prize, parsed.rows)]:
        raise FileNotAccepted(sorted(problems, key=lambda problem: problem.row))
    digest = hashlib.sha256(data).hexdigest()
    try:
        return _import(prize, name, parsed.rows, expires_at, actor_id, digest, now)
    except IntegrityError as error:
        raise FileAlreadyImported from error


@transaction.atomic
def generate_codes(
    *,
    prize_id: int,
    name: str,
    count: int,
    expires_at: datetime | None,
    now: datetime,
    actor_id: int | None = None,
    code_format: str = CodeFormat.TYPED,
    purpose: str = BatchPurpose.AWARDS,
) -> CodeBatch:
    """Make own codes of a form as a staged batch; those of 16 symbols hold 73 random bits and a check character.

    Raises:
        QuantityNotAccepted: not between 1 and 100,000.
        FormatNotAvailable: the installation has no number range for this form.
        BrandNotKept: the supplier of the prize's gift brand makes its codes.
    """
    if not 1 <= count <= MAX_GENERATED:
        raise QuantityNotAccepted
    prize = prize_of(prize_id)
    batch = new_batch(
        prize,
        name=name,
        source=CodeSource.GENERATED,
        code_format=code_format,
        purpose=purpose,
        expires_at=expires_at,
        created_by_id=actor_id,
        code_count=count,
    )
    sealer, first, missing = sealer_of(prize), next_position(prize), count
    while missing:
        texts = make_texts(code_format, min(CHUNK, missing))
        rows = list(starmap(CodeRow, enumerate(texts, start=1)))
        # A text that was drawn before is left out, and another drawn for it.
        missing -= len(rows) - len(insert_codes(batch=batch, rows=rows, first=first, sealer=sealer, now=now))
        first += len(rows)
    audit.record("batch.staged", subject=batch, actor_id=actor_id, codes=count, source=CodeSource.GENERATED)
    return batch


@transaction.atomic
def activate_batch(*, batch_id: int, now: datetime, actor_id: int | None = None) -> CodeBatch:
    """Put a staged batch into stock.

    Raises:
        SecondPersonNeeded: worth more than one person may move, and the one who made it is the one who asks.
        StaleState: it is not staged.
    """
    batch = CodeBatch.objects.select_for_update(of=("self",)).select_related("agency").get(pk=batch_id)
    check_staged(batch, BatchStatus.ACTIVE)
    if needs_second_person(batch, actor_id):
        raise SecondPersonNeeded
    put_into_stock(batch, actor_id, now)
    move_codes(batch, now)
    settle_rest(prize_id=batch.prize_id, now=now)
    return batch


@transaction.atomic
def void_code(*, gift_code_id: int, reason: str, now: datetime, actor_id: int | None = None) -> GiftCode:
    """Block a code for ever; one already given out can no longer be redeemed.

    Raises:
        StaleState: it is void or expired already.
    """
    gift_code = GiftCode.objects.select_for_update().get(pk=gift_code_id)
    gift_code.move_to(CodeStatus.VOID)
    withdraw_balance(gift_code, now)
    journal_void(gift_code=gift_code, now=now)
    audit.record("code.voided", subject=gift_code, actor_id=actor_id, reason=reason)
    return gift_code


def expire_codes(*, now: datetime) -> int:
    """Take codes past their day out of stock, batch by batch; returns how many."""
    past = GiftCode.objects.filter(status=CodeStatus.AVAILABLE, expires_at__lte=now).order_by()
    batch_ids = sorted(past.values_list("batch", flat=True).distinct())
    return sum(_expire_batch(batch_id, now) for batch_id in batch_ids)


@transaction.atomic
def _expire_batch(batch_id: int, now: datetime) -> int:
    """Expire what is past its day in a batch, with one line in the trail for all of it: `at` is in each code's row.

    Piece by piece, each below the database's limit of time for one statement.
    """
    batch = CodeBatch.objects.get(pk=batch_id)
    past = batch.gift_codes.filter(status=CodeStatus.AVAILABLE, expires_at__lte=now).order_by("pk")
    expired = 0
    while piece := list(past.select_for_update().values_list("pk", flat=True)[:CHUNK]):
        expired += GiftCode.objects.filter(pk__in=piece).update(status=CodeStatus.EXPIRED, updated_at=now)
    if expired:
        audit.record("batch.codes_expired", subject=batch, codes=expired, at=now.isoformat())
    return expired


@transaction.atomic
def _import(
    prize: Prize,
    name: str,
    rows: Sequence[CodeRow],
    expires_at: datetime | None,
    actor_id: int | None,
    digest: str,
    now: datetime,
) -> CodeBatch:
    batch = new_batch(
        prize,
        name=name,
        source=CodeSource.IMPORTED,
        file_sha256=digest,
        expires_at=expires_at,
        created_by_id=actor_id,
        code_count=len(rows),
    )
    sealer, first = sealer_of(prize), next_position(prize)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        if left_out := insert_codes(batch=batch, rows=chunk, first=first + start, sealer=sealer, now=now):
            # Stored by somebody else a moment ago.
            problems = [RowProblem(row, "duplicate_in_stock") for row in left_out]
            raise FileNotAccepted(problems, reason="duplicate_in_stock")
    audit.record("batch.staged", subject=batch, actor_id=actor_id, codes=len(rows), source=CodeSource.IMPORTED)
    return batch


def _known(prize: Prize, rows: Sequence[CodeRow]) -> Iterable[RowProblem]:
    """Name the rows whose code the agency has already, that a brand does not take, or that differ only in spelling."""
    hashed = sealer_of(prize).index
    seen: set[str] = set()
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        indexes = [hashed(row.code) for row in chunk]
        wrong = brand_rows(prize, chunk) | known_rows(prize, chunk, indexes)
        for row, index in zip(chunk, indexes, strict=True):
            if row.row in wrong:
                yield RowProblem(row.row, wrong[row.row])
            elif index in seen:
                yield RowProblem(row.row, "duplicate_in_file")
            seen.add(index)
