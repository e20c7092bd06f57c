"""I07, F27: a call that was answered before a restore and is repeated after it has no second effect."""

from datetime import timedelta

import pytest

from api.models import IdempotencyRecord
from api.services import forget_answers
from codes import recovered
from codes.journal import open_journal, read_lines
from codes.models import GiftCode, RecoveredCall, Redemption
from codes.services.index_keys import uses_of_index_keys
from codes.services.journaling import write_missing
from codes.services.recovering import recover
from core import clock
from journeys.audit import violations
from tests.api.world import key_with, sale, winning_code
from tests.codes.test_recovered_tills import forget_sales
from tests.codes.test_sealing import NEW


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"
    recovered.look_again()
    yield
    recovered.look_again()


@pytest.fixture
def code(tenant) -> str:
    return winning_code(tenant)[1]


PART = {"amount": 100, "reason": "返品"}


def sell(tenant, code, key="s-1", **fields):
    return tenant.api.post("/redemptions", sale(code, **fields), key=key)


def lose_what_tills_did() -> None:
    """Write the journal to its end, and take all that tills did out of the database, the kept answers too."""
    write_missing(now=clock.now())
    forget_sales()
    IdempotencyRecord.objects.all().delete()


def balance() -> int:
    return GiftCode.objects.get(award__isnull=False).balance_jpy


@pytest.mark.parametrize("has_journal", [True, False], ids=["journal", "control"])
def test_F27_a_sale_repeated_after_a_restore_is_answered_as_before(tenant, code, settings, tmp_path, has_journal):
    first = sell(tenant, code, amount=200)
    lose_what_tills_did()
    if not has_journal:
        settings.JOURNAL = f"folder:{tmp_path / 'another'}"
    done = recover(now=clock.now())

    again = sell(tenant, code, amount=200)
    third = sell(tenant, code, amount=200)

    assert (first.status_code, again.status_code, third.status_code) == (201, 201, 201)
    if not has_journal:  # the harm: another line, of which the first one's answer knows nothing
        assert (done.calls_recovered, first.json()["id"] == again.json()["id"]) == (0, False)
        return
    assert (done.uses_recovered, done.calls_recovered, done.conflicts) == (1, 1, [])
    assert first.json() == again.json() == third.json()
    assert (again["Idempotency-Replayed"], third["Idempotency-Replayed"]) == ("true", "true")
    assert (Redemption.objects.count(), balance()) == (1, 300)
    assert violations(clock.now()).keys().isdisjoint({"I05", "I06", "I07"})


def test_F27_without_the_hashes_in_its_line_a_part_is_given_back_twice(tenant, code):
    path = f"/redemptions/{sell(tenant, code, amount=400).json()['id']}/reversals"
    tenant.api.post(path, PART, key="r-1")
    Redemption.objects.filter(kind="reversal").update(call_hashes="")  # as lines were before there were any
    lose_what_tills_did()
    recover(now=clock.now())

    again = tenant.api.post(path, PART, key="r-1")

    assert again.status_code == 201
    assert (Redemption.objects.count(), balance()) == (3, 300)
    assert "I07" not in violations(clock.now())  # which cannot see it either
    parts = Redemption.objects.filter(kind="reversal")
    parts.update(call_hashes=parts.exclude(call_hashes="").get().call_hashes)
    assert violations(clock.now())["I07"] == [f"codes.redemption:{parts.latest('pk').pk}"]


@pytest.mark.parametrize("has_journal", [True, False], ids=["journal", "control"])
def test_F27_a_part_is_given_back_once_though_it_is_asked_again_after_a_restore(tenant, code, has_journal):
    path = f"/redemptions/{sell(tenant, code, amount=400).json()['id']}/reversals"
    first = tenant.api.post(path, PART, key="r-1")
    lose_what_tills_did()
    recover(now=clock.now())
    if not has_journal:
        RecoveredCall.objects.all().delete()
        recovered.look_again()

    again = tenant.api.post(path, PART, key="r-1")

    assert (first.status_code, again.status_code) == (201, 201)
    if not has_journal:
        assert balance() == 300
        return
    assert first.json() == again.json()
    assert (Redemption.objects.count(), balance()) == (2, 200)
    assert tenant.api.post(path, PART, key="r-2").status_code == 201  # a new one is another
    assert balance() == 300


def test_I07_another_body_under_a_key_of_before_the_restore_is_refused(tenant, code):
    sell(tenant, code, amount=200)
    lose_what_tills_did()
    recover(now=clock.now())

    other = sell(tenant, code, amount=300)

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (Redemption.objects.count(), balance()) == (1, 300)


def test_I07_a_key_of_before_the_restore_belongs_to_its_agency_and_address(tenant, other, code):
    sell(tenant, code, amount=200)
    theirs = winning_code(other)[1]
    lose_what_tills_did()
    recover(now=clock.now())

    assert sell(other, theirs, amount=200).status_code == 201
    locked = tenant.api.post("/redemptions/locks", {"code": code, "ttl": 60}, key="s-1")
    assert locked.status_code == 201
    mate = key_with(tenant, "redemptions:write").post("/redemptions", sale(code, amount=200), key="s-1")
    assert mate["Idempotency-Replayed"] == "true"


def test_F27_where_the_line_could_not_be_booked_again_the_repeat_is_refused_with_a_way_on(tenant, code):
    first = sell(tenant, code, amount=200)
    lose_what_tills_did()
    GiftCode.objects.filter(award__isnull=False).update(balance_jpy=100)  # used otherwise since the restore
    done = recover(now=clock.now())

    again = sell(tenant, code, amount=200)

    assert done.conflicts == [first.json()["id"]]
    assert (again.status_code, again.json()["code"]) == (409, "answer_lost")
    assert again.json()["detail"] == (
        "この呼び出しはデータベースを復旧する前に実行済みですが、その応答は失われました。今回は何も行っていません。"
        "新しい Idempotency-Key で送り直さずに、結果をキャンペーン事務局へお問い合わせください。"
    )
    assert (Redemption.objects.count(), balance()) == (0, 100)
    GiftCode.objects.filter(award__isnull=False).update(balance_jpy=500)
    assert recover(now=clock.now()).conflicts == []
    assert sell(tenant, code, amount=200).json() == first.json()


def test_I12_the_journal_holds_neither_key_nor_body_nor_a_hash_that_can_be_guessed(tenant, code):
    sell(tenant, code, key="till-7-0001", amount=200)
    kept = IdempotencyRecord.objects.get()
    write_missing(now=clock.now())

    (line,) = (line for line in read_lines(open_journal())[0] if line["what"] == "redemption")

    assert line["call"] == Redemption.objects.get().call_hashes
    assert [len(part) for part in line["call"].split(":")] == [1, 32, 32]
    for secret in (code, "till-7-0001", kept.body_sha256, kept.body_sha256[:32]):
        assert secret not in str(line)


def test_F27_a_call_is_known_across_the_change_of_the_index_key_and_counted_until_its_answer_ends(
    tenant, code, settings
):
    first = sell(tenant, code, amount=200)
    lose_what_tills_did()
    recover(now=clock.now())
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": settings.INDEX_KEY, "1": NEW}, "1"

    again = sell(tenant, code, amount=200)

    assert again.json() == first.json()
    assert sell(tenant, code, amount=201).json()["code"] == "idempotency_key_reused"
    counted = uses_of_index_keys(clock.now())["0"]["calls from the journal"]
    at = RecoveredCall.objects.get().at
    assert (counted.count, counted.until) == (1, at + timedelta(days=30))


def test_calls_from_the_journal_are_known_for_thirty_days(tenant, code):
    sell(tenant, code, amount=200)
    at = Redemption.objects.get().at
    lose_what_tills_did()

    assert recover(now=at + timedelta(days=30)).calls_recovered == 0
    forget_sales()
    assert recover(now=at + timedelta(days=30) - timedelta(seconds=1)).calls_recovered == 1
    forget_answers(now=at + timedelta(days=30) - timedelta(seconds=1))
    assert RecoveredCall.objects.count() == 1
    forget_answers(now=at + timedelta(days=30))
    assert RecoveredCall.objects.count() == 0
