"""Codes come in: staged first, in stock only when a person activates the batch."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit
from campaigns.models import Prize
from codes.csv_import import CodeFile, CodeRow, parse_code_file
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
from codes.sealing import CodeSealer, code_indexes
from codes.services.redemption.ledger import withdraw_balance
from core.japanese import format_yen

CHUNK = 10_000
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
    prize = _prize(prize_id)
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
        sentences=_sentences(prize, parsed, usable, total, len(problems)),
    )


def import_codes(
    *, prize_id: int, name: str, data: bytes, expires_at: datetime | None, now: datetime, actor_id: int | None = None
) -> CodeBatch:
    """Store the codes of a file as a staged batch, all of them or none.

    Raises:
        FileNotAccepted: a row has a problem; the preview names them all.
        FileAlreadyImported: the same file is staged or in stock.
    """
    prize = _prize(prize_id)
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
    """
    if not 1 <= count <= MAX_GENERATED:
        raise QuantityNotAccepted
    prize = _prize(prize_id)
    batch = _new_batch(
        prize,
        name=name,
        source=CodeSource.GENERATED,
        code_format=code_format,
        purpose=purpose,
        expires_at=expires_at,
        created_by_id=actor_id,
        code_count=count,
    )
    sealer, first, missing = _sealer(prize), _next_position(prize), count
    while missing:
        texts = make_texts(code_format, min(CHUNK, missing))
        rows = [CodeRow(row, text) for row, text in enumerate(texts, start=1)]
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
        StaleState: it is in stock or discarded already.
    """
    batch = CodeBatch.objects.select_for_update(of=("self",)).select_related("agency").get(pk=batch_id)
    _check_second_person(batch, actor_id)
    batch.move_to(BatchStatus.ACTIVE, activated_at=now, activated_by_id=actor_id)
    staged = batch.gift_codes.filter(status=CodeStatus.STAGED)
    if batch.purpose == BatchPurpose.PRINT:  # they are on paper: good from now on, and never in a winner's reach
        staged.update(status=CodeStatus.PRINTED, issued_at=now)
    else:
        staged.update(status=CodeStatus.AVAILABLE)
    audit.record("batch.activated", subject=batch, actor_id=actor_id, codes=batch.code_count)
    return batch


@transaction.atomic
def discard_batch(*, batch_id: int, reason: str, now: datetime, actor_id: int | None = None) -> CodeBatch:
    """Give up a staged batch; its codes are void, and the same file may be imported anew.

    Raises:
        StaleState: it is in stock or discarded already.
    """
    batch = CodeBatch.objects.select_for_update().get(pk=batch_id)
    batch.move_to(BatchStatus.DISCARDED)
    for gift_code in batch.gift_codes.filter(status=CodeStatus.STAGED).only("pk", "public_id", "status"):
        # The index is freed, so that a corrected file may bring the same codes.
        gift_code.move_to(CodeStatus.VOID, code_index=f"discarded:{gift_code.public_id.hex}")
    audit.record("batch.discarded", subject=batch, actor_id=actor_id, reason=reason)
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
    audit.record("code.voided", subject=gift_code, actor_id=actor_id, reason=reason)
    return gift_code


def expire_codes(*, now: datetime) -> int:
    """Take codes past their day out of stock; returns how many."""
    stale = GiftCode.objects.filter(status=CodeStatus.AVAILABLE, expires_at__lte=now)
    return stale.update(status=CodeStatus.EXPIRED)


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
    batch = _new_batch(
        prize,
        name=name,
        source=CodeSource.IMPORTED,
        file_sha256=digest,
        expires_at=expires_at,
        created_by_id=actor_id,
        code_count=len(rows),
    )
    sealer, first = _sealer(prize), _next_position(prize)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        if left_out := insert_codes(batch=batch, rows=chunk, first=first + start, sealer=sealer, now=now):
            # Stored by somebody else a moment ago.
            problems = [RowProblem(row, "duplicate_in_stock") for row in left_out]
            raise FileNotAccepted(problems, reason="duplicate_in_stock")
    audit.record("batch.staged", subject=batch, actor_id=actor_id, codes=len(rows), source=CodeSource.IMPORTED)
    return batch


def _new_batch(prize: Prize, **values: Any) -> CodeBatch:
    agency_id = _agency_id(prize)
    return CodeBatch.objects.create(agency_id=agency_id, prize=prize, face_value_jpy=prize.face_value_jpy, **values)


def _next_position(prize: Prize) -> int:
    return (prize.gift_codes.aggregate(last=Max("position"))["last"] or 0) + 1


def _sealer(prize: Prize) -> CodeSealer:
    return CodeSealer(agency_id=_agency_id(prize), campaign_public_id=prize.course.campaign.public_id)


def _check_second_person(batch: CodeBatch, actor_id: int | None) -> None:
    needs_another = batch.value_jpy > batch.agency.second_person_above_jpy
    if needs_another and batch.created_by_id is not None and actor_id in (None, batch.created_by_id):
        raise SecondPersonNeeded


def _known(prize: Prize, rows: Sequence[CodeRow]) -> Iterable[RowProblem]:
    """Name the rows whose code the agency has already, or that differ from another row only in spelling."""
    agency_id = _agency_id(prize)
    seen: set[str] = set()
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        indexes = {row.row: code_indexes(agency_id=agency_id, code=row.code) for row in chunk}
        asked = [index for of_row in indexes.values() for index in of_row]
        stored = GiftCode.objects.filter(agency_id=agency_id, code_index__in=asked)
        known = set(stored.values_list("code_index", flat=True))
        for row, of_row in indexes.items():
            if known.intersection(of_row):
                yield RowProblem(row, "duplicate_in_stock")
            elif of_row[0] in seen:
                yield RowProblem(row, "duplicate_in_file")
            seen.add(of_row[0])


def _sentences(prize: Prize, parsed: CodeFile, usable: int, total: int, problem_count: int) -> tuple[str, ...]:
    lines = [
        _("%(count)s codes for “%(prize)s” can be put into stock, worth %(total)s in all.")
        % {"count": f"{usable:,}", "prize": prize.name, "total": format_yen(total)}
    ]
    if problem_count:
        lines.append(
            ngettext(
                "%(count)s row cannot be used; nothing is imported until it is corrected.",
                "%(count)s rows cannot be used; nothing is imported until they are corrected.",
                problem_count,
            )
            % {"count": f"{problem_count:,}"}
        )
    return tuple(lines)


def _prize(prize_id: int) -> Prize:
    return Prize.objects.select_related("course__campaign").get(pk=prize_id)


def _agency_id(prize: Prize) -> int:
    return prize.course.campaign.agency_id
