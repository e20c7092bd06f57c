"""Many codes into the table at once: binary COPY on PostgreSQL, `executemany` on SQLite.

A code that the agency has already is left out and its row named; the caller's transaction decides what follows. COPY
knows no such thing: where it meets one, its savepoint is undone and the codes take the way over a staging table. So do
those of an API call, which may not COPY into a table of which it sees its own rows only.
"""

import os
import struct
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import Any

import numpy as np
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Greatest

from accounts.wall import is_confined
from codes.csv_import import CodeRow, last_day
from codes.models import CodeBatch, CodeStatus, GiftCode
from codes.sealing import CodeSealer
from core.clock import end_of_jst_day
from core.index_keys import are_changing
from core.named_locks import hold

# What differs from code to code, in the order of the staging table before its row number.
VARYING = (
    "public_id",
    "position",
    "code_ciphertext",
    "code_index",
    "index_key_id",
    "pin_ciphertext",
    "url_ciphertext",
    "number_ciphertext",
    "expires_at",
)
STAGING = """
CREATE TEMP TABLE loading_codes (
    public_id uuid, position bigint, code_ciphertext text, code_index text, index_key_id text,
    pin_ciphertext text, url_ciphertext text, number_ciphertext text, expires_at timestamptz, n bigint
) ON COMMIT DROP
"""
LEFT_OUT = """
SELECT n FROM loading_codes AS staged
WHERE NOT EXISTS (SELECT 1 FROM codes_giftcode AS kept WHERE kept.public_id = staged.public_id) ORDER BY n
"""
HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
END = struct.pack(">h", -1)
ASKED_AT_ONCE = 1000  # codes in one look-up
SEALED_AT_ONCE = 250  # fits the processor's cache; the database takes a block in while the next is sealed
# Count of fields, public id, position and the length of the first text, each behind its length.
_first_fields = struct.Struct(">hi16siqi").pack
_number = struct.Struct(">iq").pack
_length = struct.Struct(">i").pack
NO_TEXT, INDEX_LENGTH, NOTHING = _length(0), _length(64), _length(-1)
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
INTEGERS = {"smallint": "h", "integer": "i", "bigint": "q"}
Ending = tuple[bytes, datetime | None]  # card number and end, which most codes of a load share
Sealed = tuple[int, bytes, int, bytes, str, bytes, bytes, Ending]


def insert_codes(
    *, batch: CodeBatch, rows: Sequence[CodeRow], first: int, sealer: CodeSealer, now: datetime
) -> list[int]:
    """Store staged codes in the caller's transaction; returns the rows left out, whose codes the agency has already.

    While the index key is changed, the unique constraint does not see codes under the other key: then an agency's codes
    come in one chunk after the other, and each looks for its own under all keys first.
    """
    last = Greatest("last_position", first + len(rows) - 1)
    CodeBatch.objects.filter(pk=batch.pk).update(last_position=last)  # one row more for all of a chunk
    if are_changing():
        hold(f"codes:{batch.agency_id}")
        known = _under_former_keys(batch, rows, sealer)
        fresh = [row for row in rows if row.row not in known]
        return sorted([*known, *_insert(batch, fresh, first, sealer, now)])
    return _insert(batch, rows, first, sealer, now)


def _under_former_keys(batch: CodeBatch, rows: Sequence[CodeRow], sealer: CodeSealer) -> set[int]:
    """Give the rows whose codes the agency has under another key than the one of today."""
    former = {index: row.row for row in rows for index in sealer.former_indexes(row.code)}
    found: set[int] = set()
    for some in batched(former, ASKED_AT_ONCE):
        stored = GiftCode.objects.filter(agency_id=batch.agency_id, code_index__in=some)
        found |= {former[index] for index in stored.values_list("code_index", flat=True)}
    return found


def _insert(batch: CodeBatch, rows: Sequence[CodeRow], first: int, sealer: CodeSealer, now: datetime) -> list[int]:
    if not rows:
        return []
    if connection.vendor != "postgresql":
        return _executed(batch, rows, first, sealer, now)
    if is_confined():
        return _staged(batch, rows, first, sealer, now)
    try:
        with transaction.atomic(), connection.wrap_database_errors:
            _copied(batch, rows, first, sealer, now)
    except IntegrityError:  # one of them is there already; the staging table tells which
        return _staged(batch, rows, first, sealer, now)
    return []


def packed(
    rows: Sequence[CodeRow],
    *,
    first: int,
    sealer: CodeSealer,
    expires_at: datetime | None = None,
    shared: Sequence[bytes] | None = None,
) -> Iterator[bytes]:
    """Seal codes and give them as a binary COPY takes them; they end at `expires_at` or sooner, as their row says.

    Behind what differs from code to code comes what all share, as bytes with their lengths, or each row's number.
    """
    yield HEAD
    key_id = sealer.index_key_id.encode()
    key_field = _length(len(key_id)) + key_id
    count = len(VARYING) + (1 if shared is None else len(shared))
    tail = None if shared is None else b"".join(shared)
    for start in range(0, len(rows), SEALED_AT_ONCE):
        sealed = _sealed(rows[start : start + SEALED_AT_ONCE], first + start, sealer, expires_at)
        yield _binary(sealed, count, key_field, tail)
    yield END


def _sealed(rows: Sequence[CodeRow], first: int, sealer: CodeSealer, expires_at: datetime | None) -> Iterator[Sealed]:
    row_numbers, codes, pins, urls, numbers, expiries = zip(*rows, strict=True)
    ids = _row_ids(len(rows))
    hexes = ids.hex().encode()
    names = [hexes[start : start + 32] for start in range(0, len(hexes), 32)]
    nothing = [b""] * len(rows)
    endings = [(b"", expires_at)] * len(rows)  # one object, so that it is packed once
    if any(numbers) or any(expiries):
        ends = [_end_of(expiry, expires_at) if expiry else expires_at for expiry in expiries]
        endings = list(zip(sealer.seal_many("number", numbers, names), ends, strict=True))
    return zip(
        row_numbers,
        [ids[start : start + 16] for start in range(0, len(ids), 16)],
        range(first, first + len(rows)),
        sealer.seal_many("code", codes, names),
        sealer.index_many(codes),
        sealer.seal_many("pin", pins, names) if any(pins) else nothing,
        sealer.seal_many("url", urls, names) if any(urls) else nothing,
        endings,
        strict=True,
    )


def _end_of(expiry: str, of_batch: datetime | None) -> datetime | None:
    """Give the end of a code's last day in Japan, or that of its batch if it comes sooner."""
    day = last_day(expiry)
    end = end_of_jst_day(day) if day else None
    return min((at for at in (end, of_batch) if at is not None), default=None)


def _row_ids(count: int) -> bytes:
    """Draw the bytes of UUIDs of version 7: a millisecond, then 74 random bits.

    What comes in together lies together in the index, where random ones touch a page of it each: when they come in, and
    again when they are given out one after the other. Within a block their order says nothing.
    """
    drawn = np.frombuffer(os.urandom(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    drawn[:, :6] = np.frombuffer((time.time_ns() // 1_000_000).to_bytes(6), dtype=np.uint8)
    drawn[:, 6] = drawn[:, 6] & 0x0F | 0x70
    drawn[:, 8] = drawn[:, 8] & 0x3F | 0x80
    return drawn.tobytes()


def _constants(batch: CodeBatch, now: datetime) -> dict[str, Any]:
    """What all codes of a load share; every other column has its model's default, or stays empty."""
    shared: dict[str, Any] = {
        "created_at": now,
        "updated_at": now,
        "agency_id": batch.agency_id,
        "batch_id": batch.pk,
        "prize_id": batch.prize_id,
        "status": CodeStatus.STAGED.value,
        "face_value_jpy": batch.face_value_jpy,
        "balance_jpy": batch.face_value_jpy,
    }
    for field in GiftCode._meta.concrete_fields:
        is_said = field.primary_key or field.column in (*shared, *VARYING)
        if field.column and not is_said and (default := field.get_default()) is not None:
            shared[field.column] = default
    return shared


def _copied(batch: CodeBatch, rows: Sequence[CodeRow], first: int, sealer: CodeSealer, now: datetime) -> None:
    fields = {field.column: field for field in GiftCode._meta.concrete_fields}
    shared = _constants(batch, now)
    values = [_binary_value(fields[column], value) for column, value in shared.items()]
    columns = ", ".join((*VARYING, *shared))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY codes_giftcode ({columns}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        for block in packed(rows, first=first, sealer=sealer, expires_at=batch.expires_at, shared=values):
            copy.write(block)


def _staged(batch: CodeBatch, rows: Sequence[CodeRow], first: int, sealer: CodeSealer, now: datetime) -> list[int]:
    shared = _constants(batch, now)
    columns = ", ".join((*VARYING, *shared))
    with connection.cursor() as cursor:
        cursor.execute(STAGING)
        with cursor.copy("COPY loading_codes FROM STDIN (FORMAT BINARY)") as copy:
            for block in packed(rows, first=first, sealer=sealer, expires_at=batch.expires_at):
                copy.write(block)
        cursor.execute(
            f"INSERT INTO codes_giftcode ({columns}) "  # noqa: S608 names of our own columns
            f"SELECT {', '.join(VARYING)}, {', '.join(['%s'] * len(shared))} FROM loading_codes ORDER BY position "
            "ON CONFLICT (agency_id, code_index) DO NOTHING",
            list(shared.values()),
        )
        cursor.execute(LEFT_OUT)
        left_out = [row for (row,) in cursor.fetchall()]
        cursor.execute("DROP TABLE loading_codes")
    return left_out


def _binary_value(field: "models.Field[Any, Any]", value: Any) -> bytes:
    """Give a value as COPY's binary form has it for the field's column, behind its length."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, str):
        text = value.encode()
        return _length(len(text)) + text
    if isinstance(value, bool):
        return struct.pack(">i?", 1, value)
    pattern = INTEGERS[field.rel_db_type(connection) or ""]
    return struct.pack(f">i{pattern}", struct.calcsize(f">{pattern}"), value)


def _moment(at: datetime) -> bytes:
    since = at - POSTGRES_EPOCH
    return _number(8, since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds)


def _packed_ending(ending: Ending) -> bytes:
    number, end = ending
    return _length(len(number)) + number + (NOTHING if end is None else _moment(end))


def _binary(sealed: Iterator[Sealed], count: int, key_field: bytes, tail: bytes | None) -> bytes:
    parts: list[bytes] = []
    known, packed_ending = None, b""
    for row, public_id, position, code, index, pin, url, ending in sealed:
        if ending is not known:
            known, packed_ending = ending, _packed_ending(ending)
        parts += (
            _first_fields(count, 16, public_id, 8, position, len(code)),
            code,
            INDEX_LENGTH,
            index.encode(),
            key_field,
            _length(len(pin)) + pin if pin else NO_TEXT,
            _length(len(url)) + url if url else NO_TEXT,
            packed_ending,
            _number(8, row) if tail is None else tail,
        )
    return b"".join(parts)


def _executed(batch: CodeBatch, rows: Sequence[CodeRow], first: int, sealer: CodeSealer, now: datetime) -> list[int]:
    values = [
        (
            public_id.hex(),
            place,
            code.decode(),
            index,
            sealer.index_key_id,
            pin.decode(),
            url.decode(),
            number.decode(),
            _for_sqlite(end),
        )
        for _n, public_id, place, code, index, pin, url, (number, end) in _sealed(rows, first, sealer, batch.expires_at)
    ]
    shared = {name: _for_sqlite(value) for name, value in _constants(batch, now).items()}
    columns = (*VARYING, *shared)
    statement = (
        f"INSERT INTO codes_giftcode ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) "  # noqa: S608
        "ON CONFLICT (agency_id, code_index) DO NOTHING"
    )
    constants = tuple(shared.values())
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(*of_row, *constants) for of_row in values])
    known = GiftCode.objects.filter(batch=batch, position__gte=first, position__lt=first + len(rows))
    kept = set(known.values_list("position", flat=True))
    return [row.row for position, row in enumerate(rows, start=first) if position not in kept]


def _for_sqlite(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
