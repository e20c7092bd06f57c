"""T06: a prize opens for the one who opened it first, told again by device, LINE account or PIN."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.models import ClaimBinding
from codes.errors import (
    AwardVoided,
    BoundElsewhere,
    ClaimNotMoved,
    ClaimPaused,
    ClaimPinWrong,
    LineProofNeeded,
    PinNotUsable,
)
from codes.holders import Holder, holder_obstacle
from codes.links import moving_ticket
from codes.models import Award
from codes.services import move_award, reveal_code, unbind_award, void_award
from participants.models import IdentityKind
from tests import factories
from tests.factories import NOW
from tests.worlds import open_campaign, win

pytestmark = pytest.mark.django_db

PHONE, TABLET = Holder(device="phone"), Holder(device="tablet")


def award_bound_by(binding: ClaimBinding) -> Award:
    return win(open_campaign(claim_binding=binding))


def reveal(award: Award, holder: Holder | None = None, **details):
    details.setdefault("now", NOW)
    return reveal_code(award_id=award.pk, holder=holder, **details)


def refused(refusal, award: Award, holder: Holder | None = None, **details) -> Exception:
    """A refusal shows nothing, and the trail has no line of a showing."""
    before = AuditEntry.objects.filter(action="code.revealed").count()
    with pytest.raises(refusal) as answer:
        reveal(award, holder, **details)
    assert AuditEntry.objects.filter(action="code.revealed").count() == before
    return answer.value


def obstacle(award: Award, holder: Holder) -> str | None:
    return holder_obstacle(Award.objects.get(pk=award.pk), holder)


def test_T06_the_first_device_opens_a_prize_and_no_other():
    award = award_bound_by(ClaimBinding.DEVICE)
    refused(BoundElsewhere, award)  # a browser that keeps no cookie could never be told again

    code = reveal(award, PHONE).code

    assert reveal(award, PHONE).code == code
    refused(BoundElsewhere, award, TABLET)
    assert (obstacle(award, PHONE), obstacle(award, TABLET)) == (None, "device")
    award.refresh_from_db()
    assert award.bound_at == NOW
    assert "phone" not in award.device_digest
    assert AuditEntry.objects.filter(action="claim.bound").count() == 1


def test_one_device_is_known_by_another_digest_to_each_award():
    first, second = award_bound_by(ClaimBinding.DEVICE), award_bound_by(ClaimBinding.DEVICE)
    for award in (first, second):
        reveal(award, PHONE)
        award.refresh_from_db()

    assert first.device_digest != second.device_digest


def test_the_link_sent_to_the_winner_lets_one_new_device_in_once():
    award = award_bound_by(ClaimBinding.DEVICE)
    reveal(award, PHONE)
    award.refresh_from_db()
    ticket = moving_ticket(award)
    for wrong, device in (("x" * 26, "tablet"), (ticket, "")):
        with pytest.raises(ClaimNotMoved):
            move_award(award_id=award.pk, ticket=wrong, device=device, now=NOW)

    move_award(award_id=award.pk, ticket=ticket, device="tablet", now=NOW)

    assert reveal(award, TABLET).code
    refused(BoundElsewhere, award, PHONE)
    with pytest.raises(ClaimNotMoved):
        move_award(award_id=award.pk, ticket=ticket, device="third", now=NOW)
    assert AuditEntry.objects.filter(action="claim.moved").count() == 1
    void_award(award_id=award.pk, reason="fraud", now=NOW)
    with pytest.raises(AwardVoided):
        move_award(award_id=award.pk, ticket=ticket, device="third", now=NOW)


def test_the_ticket_of_a_free_award_moves_nothing():
    award = award_bound_by(ClaimBinding.DEVICE)

    with pytest.raises(ClaimNotMoved):
        move_award(award_id=award.pk, ticket=moving_ticket(award), device="tablet", now=NOW)


def test_the_desk_frees_an_award_with_a_reason_and_the_next_holder_is_bound():
    award = award_bound_by(ClaimBinding.DEVICE)
    reveal(award, PHONE)

    for _time in range(2):
        unbind_award(award_id=award.pk, reason="機種変更", now=NOW)

    assert AuditEntry.objects.get(action="claim.unbound").reason == "機種変更"
    assert reveal(award, TABLET).code
    refused(BoundElsewhere, award, PHONE)


def test_only_the_line_account_that_the_winner_entered_with_opens_a_prize():
    award = award_bound_by(ClaimBinding.LINE)
    stranger = factories.IdentityFactory.create(kind=IdentityKind.LINE, verified_at=NOW)
    own = factories.IdentityFactory.create(participant=award.entry.participant, kind=IdentityKind.LINE, verified_at=NOW)
    for holder in (None, Holder(identity_id=stranger.pk), PHONE):
        refused(LineProofNeeded, award, holder)

    reveal(award, Holder(identity_id=own.pk))

    award.refresh_from_db()
    assert award.bound_identity == own
    refused(LineProofNeeded, award, Holder(identity_id=stranger.pk))
    assert obstacle(award, Holder(identity_id=own.pk)) is None


@pytest.mark.parametrize("pin", ["", "123", "123456789", "1111", "1234", "8765", "12a4", "１２９４", "1294\n"])
def test_a_pin_that_the_first_guess_would_find_is_not_taken(pin):
    award = award_bound_by(ClaimBinding.PIN)

    refused(PinNotUsable, award, Holder(pin=pin))
    award.refresh_from_db()
    assert (award.pin_hash, award.bound_at) == ("", None)


def test_a_pin_is_chosen_at_the_first_opening_and_asked_for_ever_after():
    award = award_bound_by(ClaimBinding.PIN)
    assert obstacle(award, PHONE) == "new_pin"

    code = reveal(award, Holder(pin="194718")).code

    award.refresh_from_db()
    assert "194718" not in award.pin_hash
    assert obstacle(award, PHONE) == "pin"
    assert obstacle(award, Holder(knows_pin=True)) is None
    refused(ClaimPinWrong, award, Holder(pin="194719"))
    assert reveal(award, Holder(pin="194718")).code == code
    assert reveal(award, Holder(knows_pin=True)).code == code
    award.refresh_from_db()
    assert award.pin_failures == 0
    assert "194718" not in str(list(AuditEntry.objects.values_list()))
    assert "194718" not in repr(Holder(pin="194718"))


def test_T05_five_wrong_pins_pause_the_prize_and_longer_each_time():
    award = award_bound_by(ClaimBinding.PIN)
    reveal(award, Holder(pin="194718"))
    for _try in range(5):
        refused(ClaimPinWrong, award, Holder(pin="0000"))

    paused = refused(ClaimPaused, award, Holder(pin="194718"))
    assert paused.until == NOW + timedelta(minutes=15)
    refused(ClaimPaused, award, Holder(pin="194718"), now=paused.until - timedelta(microseconds=1))
    for _try in range(5):
        refused(ClaimPinWrong, award, Holder(pin="0000"), now=paused.until)
    again = refused(ClaimPaused, award, Holder(pin="194718"), now=paused.until)
    assert again.until == paused.until + timedelta(minutes=30)
    assert reveal(award, Holder(pin="194718"), now=again.until).code
    refused(ClaimPinWrong, award, Holder(pin="0000"), now=again.until)  # a right one begins the count anew


def test_a_campaign_that_binds_to_nobody_shows_to_whoever_has_the_link():
    award = award_bound_by(ClaimBinding.NONE)

    assert reveal(award).code == reveal(award, PHONE).code == reveal(award, TABLET).code
    award.refresh_from_db()
    assert award.bound_at is None
