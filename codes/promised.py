"""What was handed out under a line of the issue journal is in the database as well (I08).

The journal lies outside of the database and is written behind the commit, before a code is shown or a till is told.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import batched

from django.db.models import Q

from codes.journal import Line, open_journal, pos_indexes
from codes.models import Award, DisputeStatus, GiftCode, OfflineDispute, Redemption, Tombstone

AT_ONCE = 500


Promised = Award | Redemption | Tombstone | OfflineDispute


def promises_lost(*, since: date) -> list[tuple[type[Promised], str]]:
    """Give model and id of each award, use, undone sale and disputed use that the journal holds from a day on, not we.

    An award whose entry a restore has lost is kept as long as its code stays out of stock for it.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    lost: list[tuple[type[Promised], str]] = []
    for lines in batched(_lines(open_journal().pieces(since)), AT_ONCE):
        awards = _unknown(Award, [line for line in lines if line["what"] == "award" and line["code"]])
        ids, indexes = [line["code"] for line in awards], [line["index"] for line in awards]
        recovered = GiftCode.objects.filter(recovered_at__isnull=False)
        found = recovered.filter(Q(public_id__in=ids) | Q(code_index__in=indexes))
        known = {str(name) for code in found.values_list("public_id", "code_index") for name in code}
        lost += [(Award, line["id"]) for line in awards if not {line["code"], line["index"]} & known]
        uses = _unknown(Redemption, [line for line in lines if line["what"] == "redemption"])
        lost += [(Redemption, line["id"]) for line in uses]
        undoings = unknown_undoings([line for line in lines if line["what"] == "undone"])
        lost += [(Tombstone, line["id"]) for line in undoings]
        disputes = unknown_disputes([line for line in lines if line["what"] == "dispute"])
        lost += [(OfflineDispute, line["id"]) for line in disputes]
    return lost


def unknown_undoings(lines: list[Line]) -> list[Line]:
    """Give those lines of undone sales that the database does not know, however their numbers stand in it."""
    if not lines:
        return []
    times = [datetime.fromisoformat(line["at"]) for line in lines]
    stones = Tombstone.objects.filter(at__range=(min(times), max(times)))
    found = stones.values_list("store__public_id", "store", "pos_transaction_id")
    known = {(str(store), name) for store, store_id, number in found for name in pos_indexes(store_id, number)}
    return [line for line in lines if (line["store"], line["pos"]) not in known]


def unknown_disputes(lines: list[Line]) -> list[Line]:
    """Give those lines of disputed uses that the database does not know, or not settled as they say."""
    unknown: list[Line] = []
    for chunk in batched(lines, AT_ONCE):
        found = OfflineDispute.objects.filter(public_id__in=[line["dispute"] for line in chunk])
        known = {
            str(public_id): {status, DisputeStatus.OPEN}
            for public_id, status in found.values_list("public_id", "status")
        }
        unknown += [line for line in chunk if line["status"] not in known.get(line["dispute"], ())]
    return unknown


def _unknown(model: type[Award | Redemption], lines: list[Line]) -> list[Line]:
    rows = model._default_manager.filter(public_id__in=[line["id"] for line in lines])
    known = {str(public_id) for public_id in rows.values_list("public_id", flat=True)}
    return [line for line in lines if line["id"] not in known]


def _lines(pieces: Iterable[bytes]) -> Iterator[Line]:
    """Read one line after the other; what was altered or torn says nothing here: `replay_journal` counts it."""
    for piece in pieces:
        for row in piece.split(b"\n"):
            checksum, _blank, text = row.partition(b" ")
            if text and checksum == b"%08x" % zlib.crc32(text):
                yield json.loads(text)
