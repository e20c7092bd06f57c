"""What entries came from, as keyed hashes, for so long as it may help to tell rings."""

from collections.abc import Mapping
from datetime import datetime

from core.crypto import blind_index
from core.index_keys import key_ids
from participants.contacts import mailbox_of
from participants.models import Entry, EntryTrace, TraceKind
from participants.selectors import TRACES_KEPT


def keep_traces(*, entry_id: int, traces: Mapping[TraceKind, str], now: datetime) -> None:
    """Keep the hashes of what an entry came from; empty values are left out, a repeat adds nothing.

    They cannot be made anew later. So while the index key is changed there is one under each key, and those who search
    for what is shared look at those of one key: see `participants.selectors.searched_traces`.
    """
    entry = Entry.objects.only("agency_id", "campaign_id").get(pk=entry_id)
    rows = [
        EntryTrace(
            agency_id=entry.agency_id,
            campaign_id=entry.campaign_id,
            entry_id=entry_id,
            kind=kind,
            value_index=blind_index(value, field=f"trace.{kind}", tenant=entry.agency_id, key_id=key_id),
            index_key_id=key_id,
            at=now,
        )
        for kind, value in traces.items()
        if value
        for key_id in key_ids()
    ]
    EntryTrace.objects.bulk_create(rows, ignore_conflicts=True)


def keep_mail_traces(*, entry_id: int, address: str, now: datetime) -> None:
    """Keep the hashes of the mailbox and the domain of a canonical address."""
    traces = {TraceKind.MAILBOX: mailbox_of(address), TraceKind.MAIL_DOMAIN: address.rpartition("@")[2]}
    keep_traces(entry_id=entry_id, traces=traces, now=now)


def forget_traces(*, now: datetime) -> int:
    """Delete what is older than the days it may be kept."""
    return EntryTrace.objects.filter(at__lt=now - TRACES_KEPT).delete()[0]
