"""A call that moves value takes effect once, however often a network makes a caller repeat it."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import OperationalError, connection, transaction
from rest_framework.request import Request

from api.errors import IdempotencyKeyMissing, IdempotencyKeyReused, RequestInProgress, problem
from api.models import IdempotencyRecord
from core import clock, rows
from core.errors import DomainError, StaleState
from core.sealed_uploads import SealedFile

KEY_FORM = re.compile(r"[\x21-\x7e]{1,255}")
UNDONE = frozenset({"40P01", "40001"})  # deadlock, serialization: PostgreSQL undid it, nothing has happened
TRIES = 4
FINAL_REFUSALS = frozenset({403, 409, 410})

CLAIM = """
INSERT INTO api_idempotencyrecord (agency_id, endpoint, key, body_sha256, created_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""
ANSWERED = "UPDATE api_idempotencyrecord SET status_code = %s, answer = %s WHERE id = %s"

Called = tuple[int, str, str]  # agency, endpoint, key
Effect = Callable[[], tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class KeptAnswer:
    """What a call is answered with; `is_replay` if an earlier call had the effect."""

    status: int
    body: dict[str, Any]
    is_replay: bool


def idempotency_key(request: Request) -> str:
    """Read the key of a call.

    Raises:
        IdempotencyKeyMissing: there is none, or it is not 1 to 255 visible ASCII characters.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not KEY_FORM.fullmatch(key):
        raise IdempotencyKeyMissing
    return key


def body_sha256(request: Request) -> str:
    """Hash what a body says: a repeated form has another boundary, and JSON may come in another order."""
    if request.content_type.startswith("multipart/"):
        form: Any = request.data
        fields = {name: form.getlist(name) for name in form if name not in request.FILES}
        files = {name: [_file_sha256(file) for file in request.FILES.getlist(name)] for name in request.FILES}
        said: Any = [fields, files]
    else:
        said = request.data
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _file_sha256(file: Any) -> str:
    if isinstance(file, SealedFile):
        return file.sha256  # taken while it streamed
    return hashlib.sha256(b"".join(file.chunks())).hexdigest()


def answer_once(
    *, agency_id: int, endpoint: str, key: str, body_sha256: str, effect: Effect, keeps_refusals: bool
) -> KeptAnswer:
    """Run `effect` unless this key has run it before, and keep its answer in the same transaction.

    A refusal rolls the effect back, and normally the key with it, so that the call may be repeated. With
    `keeps_refusals` a refusal by the state of things is kept too: a till that was told no is never told yes later
    by its own retry. Where the database undid everything to end a deadlock, all of it is done again.

    Raises:
        IdempotencyKeyReused: the key was used with another body.
        RequestInProgress: the first call with this key has not ended.
        DomainError: what the effect refuses.
    """
    once = partial(
        _answer_once,
        agency_id=agency_id,
        endpoint=endpoint,
        key=key,
        body_sha256=body_sha256,
        effect=effect,
        keeps_refusals=keeps_refusals,
    )
    for _try in range(TRIES - 1):
        try:
            return once()
        except OperationalError as error:
            if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", "") not in UNDONE:
                raise
    return once()


def _answer_once(
    *, agency_id: int, endpoint: str, key: str, body_sha256: str, effect: Effect, keeps_refusals: bool
) -> KeptAnswer:
    called = (agency_id, endpoint, key)
    try:
        with transaction.atomic():
            record_id = _claim(called, body_sha256)
            if record_id is None:
                return _replay(called, body_sha256)
            status, body = effect()
            rows.count(ANSWERED, [status, _as_json(body), record_id])
    except DomainError as refusal:
        if not keeps_refusals or refusal.status not in FINAL_REFUSALS or isinstance(refusal, StaleState):
            raise
        return _keep_refusal(called, body_sha256, refusal)
    return KeptAnswer(status, body, is_replay=False)


def _keep_refusal(called: Called, body_sha256: str, refusal: DomainError) -> KeptAnswer:
    """Keep a refusal whose effect is undone already; a repeat that came in between has decided, and answers both."""
    status, body = refusal.status, problem(refusal)
    with transaction.atomic():
        record_id = _claim(called, body_sha256)
        if record_id is None:
            return _replay(called, body_sha256)
        rows.count(ANSWERED, [status, _as_json(body), record_id])
    return KeptAnswer(status, body, is_replay=False)


def _claim(called: Called, body_sha256: str) -> int | None:
    """Add the key's row, unless it is there: then None.

    Beside a running call it waits for that one's end, at most the database's lock timeout.
    """
    try:
        found = rows.one(CLAIM, [*called, body_sha256, clock.now()])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in UNDONE:
            raise
        raise RequestInProgress from error
    return int(found[0]) if found else None


def _replay(called: Called, body_sha256: str) -> KeptAnswer:
    record = IdempotencyRecord.objects.get(**dict(zip(("agency_id", "endpoint", "key"), called, strict=True)))
    if record.body_sha256 != body_sha256:
        raise IdempotencyKeyReused
    if record.status_code is None:
        raise RequestInProgress
    return KeptAnswer(record.status_code, record.answer or {}, is_replay=True)


def _as_json(body: dict[str, Any]) -> Any:
    return IdempotencyRecord._meta.get_field("answer").get_db_prep_save(body, connection)
