"""Entries accepted after the draw, as the draw desk shows them: a supplementary draw in numbers, a prize by hand."""

import pytest
from django.urls import reverse

from accounts.models import Role
from campaigns.models import Campaign
from draws.models import Draw
from participants.models import EntryStatus
from tests.admin.registry import list_url
from tests.draws.test_late_entries import accept_late, drawn
from tests.factories import SponsorFactory


@pytest.fixture
def world(agency):
    """A drawn campaign of the agency, two of four having won."""
    world = drawn(4, places=2, sponsor=SponsorFactory(agency=agency))
    Campaign.objects.filter(pk=world.campaign.pk).update(title="冬の抽選")
    return world


@pytest.fixture
def late(world, agency):
    return accept_late(world)


def address(name, *args):
    return reverse(f"admin:draws_draw_{name}", args=args)


def test_the_draw_desk_and_today_name_what_waits(world, late, operator):
    url = address("late", world.campaign.pk)

    for page in (list_url("draws.draw"), reverse("admin:index")):
        shown = operator.get(page).content.decode()
        assert url in shown
        assert "抽選後に承認された応募" in shown


def test_a_supplementary_draw_is_shown_in_numbers_and_held_once(world, late, operator):
    url = address("late", world.campaign.pk)
    asked = operator.get(url).content.decode()
    operator.post(url, {"expected": "1"})
    again = operator.post(url, {"expected": "1"}, follow=True).content.decode()

    assert "4件中2件当選 (在庫3件)" in asked
    assert "この1件を抽選する" in asked
    assert address("grant", world.campaign.pk, late.pk) in asked
    draw = Draw.objects.get(number=2)
    assert (draw.status, draw.candidate_count) == ("drawn", 1)
    assert "追加抽選" in operator.get(list_url("draws.draw")).content.decode()
    assert "抽選の対象者がいません" in again
    assert Draw.objects.count() == 2


def test_a_prize_is_given_by_hand_for_a_reason(world, late, operator):
    url = address("grant", world.campaign.pk, late.pk)

    assert operator.post(url, {"course": world.course.pk, "reason": ""}).status_code == 200
    late.refresh_from_db()
    assert late.status == EntryStatus.ACCEPTED
    operator.post(url, {"course": world.course.pk, "reason": "異議申立てを認めたため"})

    late.refresh_from_db()
    assert late.status == EntryStatus.WON
    assert operator.get(url).status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.REVIEWER, 403), (Role.OPERATOR, 200)])
def test_T16_only_operators_of_the_agency_draw_late(role, status, world, late, desk):
    foreign = drawn(4, places=2)
    theirs = accept_late(foreign)
    client = desk(role)

    def answers(world, entry):
        urls = [address("late", world.campaign.pk), address("grant", world.campaign.pk, entry.pk)]
        return [client.get(url).status_code for url in urls]

    assert answers(world, late) == [status] * 2
    assert answers(foreign, theirs) == [404 if status == 200 else 403] * 2
