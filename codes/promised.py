"""What was handed out under a line of the issue journal is in the database as well (I08).

The journal lies outside of the database and is written behind the commit, before a code is shown or a till is told.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import batched
from typing import Any

from codes.journal import open_journal
from codes.models import Award, Redemption

AT_ONCE = 500
KINDS: dict[str, Any] = {"award": Award, "redemption": Redemption}


def promises_lost(*, since: date) -> list[tuple[type[Award | Redemption], str]]:
    """Give model and public id of each award and use that the journal holds from a day on and the database does not.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    lost = []
    for chunk in batched(_named(since), AT_ONCE):
        for what, model in KINDS.items():
            ids = {public_id for kind, public_id in chunk if kind == what}
            known = model.objects.filter(public_id__in=ids).values_list("public_id", flat=True)
            lost += [(model, public_id) for public_id in sorted(ids - {str(found) for found in known})]
    return lost


def _named(since: date) -> Iterator[tuple[str, str]]:
    for line in _lines(open_journal().pieces(since)):
        if line["what"] in KINDS:
            yield line["what"], line["id"]


def _lines(pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Read one line after the other; what was altered or torn says nothing here: `replay_journal` counts it."""
    for piece in pieces:
        for row in piece.split(b"\n"):
            checksum, _blank, text = row.partition(b" ")
            if text and checksum == b"%08x" % zlib.crc32(text):
                yield json.loads(text)
