"""The holder of a claim link sees the code, and the trail knows first (I13)."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import AuditEntry
from campaigns.models import PrizeKind
from codes.errors import AwardVoided, ClaimExpired, CodeExpired, CodeSuspended, NotEligible
from codes.links import claim_token
from codes.models import Award, GiftCode
from codes.selectors import award_by_notice, award_by_token
from codes.services import claiming, open_claim, reveal_code, void_award, void_code
from core.errors import SecretDamaged
from participants.models import Touch, TouchKind
from tests import factories
from tests.factories import NOW
from tests.worlds import begin, finish, open_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture
def award() -> Award:
    return win(open_campaign())


def lines() -> int:
    return AuditEntry.objects.filter(action="code.revealed").count()


def test_I13_the_line_in_the_trail_is_written_before_the_code_is_opened(award, monkeypatch):
    seen = []
    opener = claiming.shown_code
    monkeypatch.setattr(claiming, "shown_code", lambda **given: (seen.append(lines()), opener(**given))[1])

    revealed = reveal_code(award_id=award.pk, now=NOW)

    assert seen == [1]
    assert len(revealed.code) == 16


def test_I13_a_code_that_cannot_be_opened_has_been_noted_all_the_same(award):
    GiftCode.objects.update(code_ciphertext="v1:test1:xxxx:xxxx")

    with pytest.raises(SecretDamaged):
        reveal_code(award_id=award.pk, now=NOW)
    assert lines() == 1


def test_every_showing_counts_and_the_first_keeps_its_time(award):
    later = NOW + timedelta(days=1)
    codes = {reveal_code(award_id=award.pk, now=at).code for at in (NOW, later, later)}

    award.refresh_from_db()
    assert len(codes) == 1
    assert (award.reveal_count, award.revealed_at, award.claimed_at) == (3, NOW, NOW)
    assert lines() == 3
    assert Touch.objects.filter(kind=TouchKind.REVEALED).count() == 1


def test_a_claim_page_is_noted_once_and_shows_nothing(award):
    open_claim(award_id=award.pk, now=NOW)
    open_claim(award_id=award.pk, now=NOW + timedelta(hours=1))

    award.refresh_from_db()
    assert (award.claimed_at, award.reveal_count, lines()) == (NOW, 0, 0)


def test_the_deadline_is_for_the_first_showing_only(award):
    deadline = award.claim_expires_at
    with pytest.raises(ClaimExpired):
        reveal_code(award_id=award.pk, now=deadline)
    assert lines() == 0

    reveal_code(award_id=award.pk, now=deadline - timedelta(microseconds=1))
    assert reveal_code(award_id=award.pk, now=deadline + timedelta(days=9)).code


def test_a_withdrawn_award_shows_nothing(award):
    void_award(award_id=award.pk, reason="fraud", now=NOW)

    with pytest.raises(AwardVoided):
        reveal_code(award_id=award.pk, now=NOW)
    assert lines() == 0


def test_a_blocked_code_is_not_shown(award):
    void_code(gift_code_id=award.gift_code_id, reason="leaked", now=NOW)

    with pytest.raises(CodeSuspended):
        reveal_code(award_id=award.pk, now=NOW)
    assert lines() == 0


def test_a_code_past_its_day_is_not_shown(award):
    GiftCode.objects.update(expires_at=NOW)

    with pytest.raises(CodeExpired):
        reveal_code(award_id=award.pk, now=NOW)


def test_goods_have_no_code_to_show():
    world = open_campaign(codes=0)
    world.prize.delete()
    factories.PrizeFactory.create(course=world.course, kind=PrizeKind.PHYSICAL)
    award = Award.objects.get(entry=finish(begin(world)))

    with pytest.raises(NotEligible):
        reveal_code(award_id=award.pk, now=NOW)


def test_a_claim_link_leads_to_its_award_and_the_token_is_stored_nowhere(award):
    token = claim_token(award.public_id)

    assert award_by_token(token) == award
    assert award_by_token(token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    assert award_by_token("") is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM codes_award WHERE token_index = %s", [token])
        assert cursor.fetchone() == (0,)


def test_a_notice_number_tells_its_award_however_it_is_typed(award):
    number = award.notice_number

    assert award_by_notice(number) == award
    assert award_by_notice(number.lower().replace("-", " ")) == award
    assert [award_by_notice(text) for text in ("", number[:-1], "G" + number[1:], "0000-0000-0000")] == [None] * 4
