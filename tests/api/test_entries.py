"""Entries from an agency's own pages."""

from participants.models import Consent, Entry, EntryStatus
from tests.api.world import entry_body


def test_an_entry_is_created_and_sent_in_one_call(tenant):
    answer = tenant.api.post("/entries", entry_body(tenant, external_reference="order 17", link=tenant.link.token))

    assert answer.status_code == 201, answer.content
    entry = Entry.objects.get()
    assert answer.json() == {
        "id": str(entry.public_id),
        "campaign": str(tenant.campaign.public_id),
        "status": "submitted",
        "external_reference": "order 17",
        "created_at": entry.created_at.isoformat().replace("+00:00", "Z"),
        "submitted_at": entry.submitted_at.isoformat().replace("+00:00", "Z"),
        "decided_at": None,
        "contacts": [{"kind": "email", "masked": "ha****@example.jp", "is_verified": False}],
        "verdict": None,
        "receipt": None,
    }
    assert (entry.status, entry.link, entry.agency) == (EntryStatus.SUBMITTED, tenant.link, tenant.agency)
    assert entry.answers.get().values == ["よい"]
    assert set(Consent.objects.values_list("kind", flat=True)) == {"terms"}
