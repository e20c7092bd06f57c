"""目視: what links the people of a suspected ring stands on the page of each of their cases."""

from django.urls import reverse

from eligibility.models import RingMember
from tests.admin.registry import row_url
from tests.factories import EntryFactory, ReviewCaseFactory, SuspectedRingFactory


def test_a_suspected_ring_is_explained_and_its_entries_are_at_hand(agency, operator):
    case = ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency)
    other = EntryFactory(campaign=case.campaign)
    ring = SuspectedRingFactory(sponsor=case.campaign.sponsor, evidence={"device": 2, "network": 1})
    for entry in (case.entry, other):
        RingMember.objects.create(ring=ring, entry=entry)

    page = operator.get(row_url(case)).content.decode()

    assert "2名が組織的に応募している可能性があります（疑いの強さ 75／100）" in page
    assert "同じブラウザから応募" in page
    assert 'value="2" aria-hidden' in page
    assert reverse("admin:participants_entry_change", args=[other.pk]) in page
    assert "続き番号" not in page
    assert row_url(ring) in page
