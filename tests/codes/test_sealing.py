"""Codes are sealed under their campaign's own key and open for their row only (T22, F28)."""

import uuid

import pytest

from accounts import data_keys
from accounts.data_keys import destroy_key, key_in_use, secret_named
from accounts.models import DataKey
from codes.links import claim_token
from codes.models import Award, GiftCode
from codes.presented import presented_code
from codes.sealing import CodeSealer, open_column
from codes.selectors import award_by_token, code_by_text, code_index, open_code
from codes.services import import_codes, reveal_code
from core.errors import KeyUnavailable, SecretDamaged
from tests.factories import NOW, GiftCodeFactory
from tests.worlds import open_campaign, stock, win, winning_code

pytestmark = pytest.mark.django_db

OLD, NEW = "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w=", "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU="


@pytest.fixture
def codes():
    """Two codes of one campaign and one of another agency's."""
    world = open_campaign(codes=0)
    data = b"code,pin,url\nGOOD0001,1111,https://gift.example/1\nGOOD0002,,\n"
    import_codes(prize_id=world.prize.pk, name="a", data=data, expires_at=None, now=NOW)
    stock(open_campaign(codes=0).prize, 1)
    return list(GiftCode.objects.order_by("pk"))


def test_codes_of_a_campaign_share_a_key_that_no_other_campaign_has(codes):
    names = [code.code_ciphertext.split(":")[1] for code in codes]

    assert names[0] == names[1] != names[2]
    assert [code.code_ciphertext.split(":")[0] for code in codes] == ["v2"] * 3
    assert (open_code(codes[0]).code, open_code(codes[0]).pin) == ("GOOD0001", "1111")
    assert codes[1].pin_ciphertext == open_column(codes[1], "pin") == ""
    assert DataKey.objects.count() == 2
    assert all(key.wrapped.startswith("v1:test1:") for key in DataKey.objects.all())


@pytest.mark.parametrize(
    "swap",
    [
        lambda one, other, _foreign: setattr(one, "code_ciphertext", other.code_ciphertext),
        lambda one, _other, _foreign: setattr(one, "code_ciphertext", one.pin_ciphertext),
        lambda one, _other, foreign: setattr(one, "agency_id", foreign.agency_id),
        lambda one, _other, foreign: setattr(one, "code_ciphertext", foreign.code_ciphertext),
        lambda one, _other, foreign: setattr(
            one, "code_ciphertext", ":".join(["v2", foreign.code_ciphertext.split(":")[1], "AAAA", "AAAA"])
        ),
        lambda one, _other, _foreign: setattr(one, "code_ciphertext", one.code_ciphertext[:-8] + "AAAAAAA="),
        lambda one, _other, _foreign: setattr(one, "code_ciphertext", "v3:x:y:z"),
        lambda one, _other, _foreign: setattr(one, "code_ciphertext", "GOOD0009"),
    ],
)
def test_T22_a_ciphertext_moved_or_altered_does_not_open(codes, swap):
    swap(*codes)

    with pytest.raises(SecretDamaged):
        open_column(codes[0], "code")


def test_T22_a_wrapped_key_moved_to_another_tenants_row_does_not_open(codes):
    own, foreign = DataKey.objects.order_by("pk")
    DataKey.objects.filter(pk=foreign.pk).update(wrapped=own.wrapped)
    data_keys.forget(data_keys.key_name(foreign))

    with pytest.raises(SecretDamaged):
        open_column(codes[2], "code")


def test_values_of_the_form_before_still_open():
    before = GiftCodeFactory(code="OLDFORM0001")

    assert before.code_ciphertext.startswith("v1:")
    assert open_column(before, "code") == "OLDFORM0001"


def test_F28_a_destroyed_key_shows_no_code_and_never_another(codes):
    (key, _other) = DataKey.objects.order_by("pk")

    destroy_key(key_id=key.pk, reason="campaign over", now=NOW)

    for code in codes[:2]:
        with pytest.raises(KeyUnavailable):
            open_column(code, "code")
    assert open_column(codes[2], "code")
    assert DataKey.objects.get(pk=key.pk).wrapped == ""


def test_F28_a_reveal_without_its_master_key_waits(settings):
    award = win(open_campaign())
    for key in DataKey.objects.all():
        data_keys.forget(data_keys.key_name(key))
    settings.ENCRYPTION_KEYS = {}
    from core import crypto

    crypto._cipher.cache_clear()
    try:
        with pytest.raises(KeyUnavailable) as refused:
            reveal_code(award_id=award.pk, now=NOW)
    finally:
        crypto._cipher.cache_clear()
    assert (refused.value.status, refused.value.code) == (503, "key_unavailable")


def test_a_key_of_a_name_that_nobody_gave_is_unavailable():
    for name in ("", "x", "A" * 22, "not/base64!"):
        with pytest.raises(KeyUnavailable):
            secret_named(name)


def test_opened_keys_are_few_and_leave_after_a_while(monkeypatch, codes):
    monkeypatch.setattr(data_keys, "CACHED_KEYS", 2)
    for scope in "abc":
        key_in_use(agency_id=codes[0].agency_id, scope=scope)
    assert len(data_keys._opened) == 2

    name = codes[0].code_ciphertext.split(":")[1]
    secret_named(name)
    DataKey.objects.filter(public_id=data_keys._public_id(name)).delete()
    assert secret_named(name)
    monkeypatch.setattr(data_keys.time, "monotonic", lambda: 1e12)
    with pytest.raises(KeyUnavailable):
        secret_named(name)


def test_a_sealer_asks_again_which_key_is_in_use(monkeypatch, codes):
    campaign = codes[0].prize.course.campaign
    sealer = CodeSealer(agency_id=campaign.agency_id, campaign_public_id=campaign.public_id)
    data_keys.replace_key(agency_id=campaign.agency_id, scope=str(campaign.public_id), now=NOW)
    before = sealer.prefix
    clock = sealer._renew_at + 1

    monkeypatch.setattr("codes.sealing.time.monotonic", lambda: clock)

    assert not sealer.seal("code", "GOOD0003", uuid.uuid4()).startswith(before)


def test_codes_and_links_of_a_former_index_key_are_still_found(settings, django_assert_num_queries):
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": OLD}, "0"
    world = open_campaign()
    award, code = winning_code(world)
    link = claim_token(award.public_id)

    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": OLD, "1": NEW}, "1"
    stock(world.prize, 1)
    later = win(world)

    assert presented_code(agency_id=world.agency.pk, presented=code) == award.gift_code
    with django_assert_num_queries(1):
        assert code_by_text(GiftCode.objects.all(), agency_ids=[world.agency.pk, 0], text=code) == award.gift_code
    assert code_by_text(GiftCode.objects.all(), agency_ids=[], text=code) is None
    assert award_by_token(link) == award
    assert later.token_key_id == "1"
    assert award_by_token(claim_token(later.public_id, later.token_key_id)) == later
    assert code_index(agency_id=world.agency.pk, code=code) != award.gift_code.code_index

    settings.INDEX_KEYS = {"1": NEW}
    assert award_by_token(link) is None
    with pytest.raises(KeyUnavailable):
        claim_token(award.public_id, Award.objects.get(pk=award.pk).token_key_id)
