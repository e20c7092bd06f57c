"""People who come from somewhere, for tests of rings."""

from participants.models import EntryStatus, TraceKind
from participants.services import keep_traces
from tests import factories
from tests.factories import NOW


def come_from(entry, *, device, network="203.0.113.0/24"):
    """Leave the traces that the entry page leaves."""
    keep_traces(entry_id=entry.pk, traces={TraceKind.DEVICE: device, TraceKind.NETWORK: network}, now=NOW)


def accepted(campaign, people, **source):
    """Make accepted entries of so many people who come from one place."""
    entries = [factories.EntryFactory.create(campaign=campaign, status=EntryStatus.ACCEPTED) for _ in range(people)]
    for entry in entries:
        come_from(entry, **source)
    return entries
