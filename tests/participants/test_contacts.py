"""Contacts: which addresses are taken, and who turns out to be one person."""

from datetime import timedelta

import pytest

from journeys.audit import violations
from journeys.services import sweep
from participants.contacts import canonical_email
from participants.errors import ContactNotAccepted
from participants.models import Consent, ConsentKind, Entry, EntryStatus, Identity, Participant
from participants.selectors import find_participants, identity_value, reachable_identity
from participants.services import (
    agree,
    attach_line,
    attach_x,
    give_email,
    mark_line_friend,
    mark_unreachable,
    start_entry,
    verify_identity,
)
from tests.factories import NOW
from tests.worlds import begin, contact, finish, open_campaign, send

ACCEPTED = {
    "taro@example.jp": "taro@example.jp",
    " Taro@Example.JP ": "taro@example.jp",
    "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ": "taro@example.jp",
    "da..me@docomo.ne.jp": "da..me@docomo.ne.jp",
    "dame.@ezweb.ne.jp": "dame.@ezweb.ne.jp",
    ".dame@docomo.ne.jp": ".dame@docomo.ne.jp",
    "taro+gift@example.jp": "taro+gift@example.jp",
    "a" * 64 + "@example.jp": "a" * 64 + "@example.jp",
}
REFUSED = [
    "",
    "taro",
    "taro@",
    "@example.jp",
    "da..me@example.jp",
    "taro@localhost",
    "taro@[192.0.2.1]",
    "taro@example.jp,jiro@example.jp",
    "taro@example.jp;jiro@example.jp",
    "taro@example.jp\nBcc: jiro@example.jp",
    "taro@example.jp\r",
    "ta\u200bro@example.jp",
    "ta\u202ero@example.jp",
    "太郎 <taro@example.jp>",
    "taro@exam ple.jp",
    "a" * 250 + "@example.jp",
]


@pytest.mark.parametrize(("typed", "kept"), ACCEPTED.items())
def test_addresses_of_japanese_phones_have_one_form(typed, kept):
    assert canonical_email(typed) == kept


@pytest.mark.parametrize("typed", REFUSED)
def test_T14_what_is_not_one_plain_address_is_refused(typed):
    with pytest.raises(ContactNotAccepted):
        canonical_email(typed)


@pytest.mark.django_db
class TestOnePerson:
    def test_I12_an_address_is_sealed_masked_and_opens_again(self):
        entry = begin(open_campaign(), email="hanako@example.jp")
        identity = contact(entry)

        assert identity_value(identity) == "hanako@example.jp"
        assert identity.masked == "ha****@example.jp"
        assert "hanako" not in identity.value_ciphertext + identity.value_index

    def test_a_second_visit_under_a_confirmed_address_is_the_same_person(self):
        world = open_campaign(entries_per_person=2, entries_per_person_a_day=2)
        first = finish(begin(world, email="taro@example.jp"))
        second = begin(world, email="taro@example.jp", confirmed=False)
        stranger = second.participant
        assert stranger != first.participant

        person = verify_identity(identity_id=contact(second).pk, now=NOW)

        second.refresh_from_db()
        stranger.refresh_from_db()
        assert person == second.participant == first.participant == stranger.merged_into
        assert Identity.objects.filter(verified_at__isnull=False).count() == 1
        assert finish(second).status == EntryStatus.WON
        assert violations(NOW) == {}

    def test_a_person_merged_twice_is_found_in_one_step(self):
        world = open_campaign()
        people = [begin(world, email=f"p{number}@example.jp", confirmed=number < 2) for number in range(3)]
        one, two, three = people
        first_step = give_email(entry_id=three.pk, email="p1@example.jp", now=NOW)
        verify_identity(identity_id=first_step.pk, now=NOW)  # three is two
        second_step = give_email(entry_id=two.pk, email="p0@example.jp", now=NOW)
        verify_identity(identity_id=second_step.pk, now=NOW)  # two is one

        merged = Participant.objects.get(pk=three.participant_id)
        again = start_entry(campaign_id=world.campaign.pk, participant_id=merged.pk, now=NOW)

        assert merged.merged_into_id == one.participant_id
        assert again.participant_id == one.participant_id

    def test_merging_never_widens_a_consent(self):
        world = open_campaign(entries_per_person=2)
        first = begin(world, email="taro@example.jp")
        agree(entry_id=first.pk, wants_news=True, now=NOW)
        agree(entry_id=first.pk, wants_news=False, now=NOW + timedelta(hours=1))
        second = begin(world, email="taro@example.jp", confirmed=False)
        before = sorted(Consent.objects.values_list("pk", "kind", "campaign", "granted_at", "withdrawn_at"))

        verify_identity(identity_id=contact(second).pk, now=NOW)

        after = sorted(Consent.objects.values_list("pk", "kind", "campaign", "granted_at", "withdrawn_at"))
        assert after == before
        assert Consent.objects.filter(kind=ConsentKind.MARKETING, withdrawn_at__isnull=True).count() == 0
        assert set(Consent.objects.values_list("participant", flat=True)) == {first.participant_id}

    def test_the_same_address_at_two_agencies_is_two_people(self):
        one, other = (begin(open_campaign(), email="taro@example.jp") for _agency in range(2))

        assert one.participant != other.participant
        assert contact(one).value_index != contact(other).value_index

    def test_confirming_twice_changes_nothing(self):
        entry = begin(open_campaign())
        identity = contact(entry)

        assert verify_identity(identity_id=identity.pk, now=NOW + timedelta(days=1)) == entry.participant
        identity.refresh_from_db()
        assert identity.verified_at == NOW

    def test_a_person_who_entered_twice_under_two_addresses_wins_once(self):
        world = open_campaign()
        first = send(begin(world, email="taro@example.jp", confirmed=False))
        second = send(begin(world, email="taro@example.jp", confirmed=False))
        sweep(now=NOW)
        for entry in (second, first):
            verify_identity(identity_id=contact(entry).pk if entry == second else first_contact(first).pk, now=NOW)
        sweep(now=NOW)

        statuses = dict(Entry.objects.values_list("pk", "status"))
        assert statuses == {first.pk: EntryStatus.WON, second.pk: EntryStatus.REFUSED}
        assert violations(NOW) == {}

    def test_LINE_and_X_accounts_count_as_confirmed_and_keep_what_was_checked(self):
        world = open_campaign()
        entry = begin(world, confirmed=False)
        line = attach_line(entry_id=entry.pk, line_user_id="U" + "0" * 32, is_friend=True, now=NOW)
        attach_x(entry_id=entry.pk, x_user_id="42", facts={"follows": True}, now=NOW)

        assert (line.verified_at, line.facts["is_friend"]) == (NOW, True)
        assert reachable_identity(entry.participant_id) == line  # nobody is written to on X
        mark_line_friend(agency_id=world.agency.pk, line_user_id="U" + "0" * 32, is_friend=False, now=NOW)
        line.refresh_from_db()
        assert (line.facts["is_friend"], line.unreachable_at) == (False, NOW)
        assert reachable_identity(entry.participant_id) is None

    def test_a_dead_contact_is_passed_over(self):
        entry = begin(open_campaign())
        mail = contact(entry)
        line = attach_line(entry_id=entry.pk, line_user_id="U1", is_friend=True, now=NOW + timedelta(hours=1))
        assert reachable_identity(entry.participant_id) == line

        mark_unreachable(identity_id=line.pk, now=NOW)

        assert reachable_identity(entry.participant_id) == mail

    def test_people_are_found_by_a_whole_contact_or_id_only(self):
        world = open_campaign()
        entry = begin(world, email="hanako@example.jp")
        other = begin(open_campaign(), email="hanako@example.jp")
        mine = type(world.agency).objects.filter(pk=world.agency.pk)

        for query in (
            "hanako@example.jp",
            " HANAKO@example.jp",
            str(entry.public_id),
            str(entry.participant.public_id),
        ):
            assert list(find_participants(mine, query)) == [entry.participant]
        for query in ("hanako", "@example.jp", "", str(other.public_id)):
            assert list(find_participants(mine, query)) == []


def first_contact(entry: Entry) -> Identity:
    """The address of an entry, also after its person was found to be another."""
    known = Identity.objects.filter(participant_id=entry.participant_id).first()
    return known or Identity.objects.get(verified_at__isnull=False)
