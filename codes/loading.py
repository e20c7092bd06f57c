"""Many codes into the table at once: binary COPY and one INSERT on PostgreSQL, `executemany` on SQLite.

A code that the agency has already is left out and its row named; the caller's transaction decides what follows.
"""

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from codes.csv_import import CodeRow
from codes.models import CodeBatch, CodeStatus, GiftCode
from codes.sealing import CodeSealer

# What differs from code to code, in the order of the staging table after its row number.
VARYING = (
    "public_id",
    "position",
    "code_ciphertext",
    "code_index",
    "index_key_id",
    "pin_ciphertext",
    "url_ciphertext",
)
STAGING = """
CREATE TEMP TABLE loading_codes (
    n bigint, public_id uuid, position bigint, code_ciphertext text, code_index text, index_key_id text,
    pin_ciphertext text, url_ciphertext text
) ON COMMIT DROP
"""
LEFT_OUT = """
SELECT n FROM loading_codes AS staged
WHERE NOT EXISTS (SELECT 1 FROM codes_giftcode AS kept WHERE kept.public_id = staged.public_id) ORDER BY n
"""
HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
END = struct.pack(">h", -1)
BUFFER = 1 << 18
_first_fields = struct.Struct(">hiqi16siq").pack  # count of fields, n, public id, position, each behind its length
_length = struct.Struct(">i").pack
Sealed = tuple[int, UUID, int, str, str, str, str, str]


def insert_codes(
    *, batch: CodeBatch, rows: Sequence[CodeRow], first: int, sealer: CodeSealer, now: datetime
) -> list[int]:
    """Store staged codes in the caller's transaction; returns the rows left out, whose codes the agency has already."""
    sealed = _sealed(rows, first, sealer)
    return _copied(batch, sealed, now) if connection.vendor == "postgresql" else _executed(batch, sealed, now)


def _sealed(rows: Iterable[CodeRow], first: int, sealer: CodeSealer) -> Iterator[Sealed]:
    for position, row in enumerate(rows, start=first):
        public_id = UUID(bytes=os.urandom(16), version=4)
        yield (
            row.row,
            public_id,
            position,
            sealer.seal("code", row.code, public_id),
            sealer.index(row.code),
            sealer.index_key_id,
            sealer.seal("pin", row.pin, public_id) if row.pin else "",
            sealer.seal("url", row.url, public_id) if row.url else "",
        )


def _constants(batch: CodeBatch, now: datetime) -> dict[str, Any]:
    """What all codes of a load share; every other column has its model's default."""
    shared: dict[str, Any] = {
        "created_at": now,
        "updated_at": now,
        "agency_id": batch.agency_id,
        "batch_id": batch.pk,
        "prize_id": batch.prize_id,
        "status": CodeStatus.STAGED.value,
        "face_value_jpy": batch.face_value_jpy,
        "balance_jpy": batch.face_value_jpy,
        "expires_at": batch.expires_at,
    }
    for field in GiftCode._meta.concrete_fields:
        if field.column and field.column not in (*shared, *VARYING) and not field.primary_key:
            shared[field.column] = field.get_default()
    return shared


def _copied(batch: CodeBatch, sealed: Iterator[Sealed], now: datetime) -> list[int]:
    shared = _constants(batch, now)
    columns = ", ".join((*VARYING, *shared))
    with connection.cursor() as cursor:
        cursor.execute(STAGING)
        with cursor.copy("COPY loading_codes FROM STDIN (FORMAT BINARY)") as copy:
            copied = 0
            for count, block in _binary(sealed):
                copied += count
                copy.write(block)
        cursor.execute(
            f"INSERT INTO codes_giftcode ({columns}) "  # noqa: S608 names of our own columns
            f"SELECT {', '.join(VARYING)}, {', '.join(['%s'] * len(shared))} FROM loading_codes ORDER BY position "
            "ON CONFLICT (agency_id, code_index) DO NOTHING",
            list(shared.values()),
        )
        left_out: list[int] = []
        if cursor.rowcount != copied:
            cursor.execute(LEFT_OUT)
            left_out = [row for (row,) in cursor.fetchall()]
        cursor.execute("DROP TABLE loading_codes")
    return left_out


def _binary(sealed: Iterator[Sealed]) -> Iterator[tuple[int, bytes]]:
    block, count = bytearray(HEAD), 0
    for number, public_id, position, *texts in sealed:
        block += _first_fields(8, 8, number, 16, public_id.bytes, 8, position)
        for text in texts:
            data = text.encode()
            block += _length(len(data))
            block += data
        count += 1
        if len(block) > BUFFER:
            yield count, bytes(block)
            block, count = bytearray(), 0
    yield count, bytes(block) + END


def _executed(batch: CodeBatch, sealed: Iterator[Sealed], now: datetime) -> list[int]:
    rows: list[tuple[Any, ...]] = list(sealed)
    shared = {name: _for_sqlite(value) for name, value in _constants(batch, now).items()}
    columns = (*VARYING, *shared)
    statement = (
        f"INSERT INTO codes_giftcode ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) "  # noqa: S608
        "ON CONFLICT (agency_id, code_index) DO NOTHING"
    )
    constants = tuple(shared.values())
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(public_id.hex, *texts, *constants) for _n, public_id, *texts in rows])
    positions = [row[2] for row in rows]
    kept = (
        set(
            GiftCode.objects.filter(
                batch=batch, position__gte=min(positions), position__lte=max(positions)
            ).values_list("position", flat=True)
        )
        if rows
        else set()
    )
    return [row[0] for row in rows if row[2] not in kept]


def _for_sqlite(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
