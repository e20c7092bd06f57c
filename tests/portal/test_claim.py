"""The claim link: shows what was won, hands the code over at a press only, and leaves no copy on the way."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.models import Prize, PrizeKind
from codes.models import Award, CodeBatch, CodeSource, GiftCode
from codes.presentation import read_token
from codes.services import redeem_code, request_recall, run_job, void_award, void_code
from participants.models import EntryTrace, Touch, TouchKind, TraceKind
from tests import factories
from tests.flows.steps import NOW
from tests.portal.phone import claim_path, text_of
from tests.worlds import fetched_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture
def award(phone, campaigns):
    return phone.win()


def code_of(phone, award) -> str:
    return phone.send(claim_path(award)).context["revealed"].code


def test_a_get_shows_the_prize_and_never_the_code(other_phone, award):
    page = other_phone.get(claim_path(award))

    words = text_of(page)
    assert "ミズヒキ 500円クーポン 500円 ミズヒキ飲料" in words
    assert "受取期限 2026年12月22日(火) 23:59" in words
    assert "利用期限 2027年5月21日(金) 23:59" in words
    award.refresh_from_db()
    assert (award.claimed_at, award.revealed_at) == (None, None)
    assert AuditEntry.objects.filter(action="code.revealed").count() == 0


def test_I13_a_press_shows_the_code_and_leaves_a_line_each_time(phone, other_phone, award):
    first, second = code_of(phone, award), code_of(other_phone, award)

    assert first == second
    assert AuditEntry.objects.filter(action="code.revealed").count() == 2
    award.refresh_from_db()
    assert award.reveal_count == 2


def test_a_browser_that_opens_codes_is_known_again_by_its_hash_only(phone, other_phone, award):
    code_of(phone, award), code_of(phone, award), code_of(other_phone, award)

    traces = EntryTrace.objects.filter(entry=award.entry, kind=TraceKind.OPENING)
    assert traces.count() == 2  # one a browser, however often it looks
    assert all(len(trace.value_index) == 64 for trace in traces)


def test_the_code_stands_in_groups_of_four_with_all_that_is_needed_to_use_it(phone, award):
    page = phone.send(claim_path(award))

    code = page.context["revealed"].code
    assert f"{code[:4]} {code[4:8]} {code[8:12]} {code[12:]}" in text_of(page)
    assert f'data-code="{code}"' in page.content.decode()
    assert "おつりは出ませんが、残高は次回も使えます。" in text_of(page)
    assert "<svg" in page.content.decode()


@pytest.mark.parametrize("method", ["get", "send"])
def test_neither_page_is_kept_by_a_cache_or_found_by_a_search_engine(phone, award, method):
    page = getattr(phone, method)(claim_path(award))

    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["X-Robots-Tag"] == "noindex, nofollow"


def test_a_reveal_without_its_token_is_refused(phone, award):
    assert phone.post(claim_path(award)).status_code == 403
    award.refresh_from_db()
    assert award.revealed_at is None


def test_the_beacon_notes_that_a_person_has_the_page_open_once(phone, award):
    path = f"{claim_path(award)}opened/"

    assert phone.send(path, page=claim_path(award)).status_code == 204
    assert phone.send(path, page=claim_path(award)).status_code == 204
    assert Touch.objects.filter(kind=TouchKind.CLAIM_OPENED).count() == 1
    assert phone.get(path).status_code == 405


def test_the_qr_for_the_till_changes_and_exists_only_after_the_reveal(phone, award, noon):
    path = f"{claim_path(award)}qr/"
    assert phone.send(path, page=claim_path(award)).status_code == 404
    shown = phone.send(claim_path(award))

    noon.shift(timedelta(seconds=30))
    fresh = phone.post(path, {"csrfmiddlewaretoken": str(shown.context["csrf_token"])})

    assert fresh.status_code == 200
    assert fresh.context["qr"] != shown.context["qr"]
    assert phone.get(path).status_code == 405


def test_the_qr_holds_a_token_that_names_the_award_and_not_the_code(phone, award, monkeypatch):
    drawn: list[str] = []

    def draw(text: str) -> str:
        drawn.append(text)
        return "<svg></svg>"

    monkeypatch.setattr("portal.claiming.qr_svg", draw)

    code = code_of(phone, award)

    assert read_token(drawn[0]).code_id == award.gift_code.public_id
    assert code not in drawn[0]


def test_a_code_of_another_company_has_no_qr_for_our_tills(phone, award):
    award.prize.kind = PrizeKind.GIFT_CODE
    award.prize.save()

    page = phone.send(claim_path(award))

    assert page.context["qr"] is None
    assert phone.send(f"{claim_path(award)}qr/", page=claim_path(award)).status_code == 404


def test_the_last_day_goes_into_the_calendar(phone, award):
    before = phone.get(f"{claim_path(award)}expiry.ics").content.decode()
    code_of(phone, award)
    after = phone.get(f"{claim_path(award)}expiry.ics")

    assert "DTSTART;VALUE=DATE:20261222\r\nDTEND;VALUE=DATE:20261223\r\n" in before
    assert "DTSTART;VALUE=DATE:20270521\r\n" in after.content.decode()
    assert after["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line.encode()) <= 75 for line in after.content.decode().split("\r\n"))


def test_a_claim_past_its_deadline_says_so_and_shows_nothing(phone, award, noon):
    token = str(phone.get(claim_path(award)).context["csrf_token"])
    noon.move_to(award.claim_expires_at)

    page = phone.post(claim_path(award), {"csrfmiddlewaretoken": token})

    assert "この賞品の期限は過ぎました" in text_of(page)
    assert "期限は2026年12月22日(火) 23:59まででした。" in text_of(page)
    assert "revealed" not in page.context


def test_a_code_shown_in_time_can_be_seen_again_after_the_deadline(phone, award, noon):
    code = code_of(phone, award)
    noon.move_to(award.claim_expires_at)

    assert code_of(phone, award) == code


def test_a_withdrawn_award_and_a_blocked_code_say_that_they_are_void(phone, award):
    void_code(gift_code_id=award.gift_code_id, reason="test", actor_id=None, now=NOW)
    assert "この賞品は無効になっています" in text_of(phone.get(claim_path(award)))

    void_award(award_id=award.pk, reason="test", now=NOW)
    assert "この賞品は無効になっています" in text_of(phone.get(claim_path(award)))


def test_a_used_code_says_when_it_was_used(phone, award, campaigns):
    code = code_of(phone, award)
    store = campaigns["green-tea"].agency.stores.get(code="0001")
    redeem_code(agency_id=store.agency_id, presented=code, store_id=store.pk, now=NOW)

    words = text_of(phone.get(claim_path(award)))

    assert "このコードは使用済みです" in words
    assert "2026年11月22日(日) 12:00に渋谷店で使われました。" in words


def test_an_expired_code_is_not_shown_again(phone, award, noon):
    code_of(phone, award)
    noon.move_to(GiftCode.objects.get(pk=award.gift_code_id).expires_at)

    assert "期限は2027年5月21日(金) 23:59まででした。" in text_of(phone.get(claim_path(award)))


def test_an_unknown_token_is_not_there(phone, db):
    assert phone.get("/g/AAAAAAAAAAAAAAAAAAAAAA/").status_code == 404


def test_a_supplier_that_is_away_is_explained_and_the_next_press_shows_the_code(phone, award, supplier_server):
    """A link keeps its worth whatever becomes of the first press."""
    stock_fetched_code(award)
    supplier_server.unavailable_calls = 1

    away = phone.send(claim_path(award))
    shown = phone.send(claim_path(award))

    assert (away.status_code, away["Cache-Control"]) == (503, "no-store")
    assert "受け取る権利はそのまま残っています" in text_of(away)
    assert shown.context["revealed"].code == next(iter(supplier_server.cards.values())).claim_code


def stock_fetched_code(award) -> None:
    """Let the code of an award be one that its supplier makes."""
    brand = factories.FetchedBrandFactory.create()
    Prize.objects.filter(pk=award.prize_id).update(kind=PrizeKind.GIFT_CODE, gift_brand=brand)
    CodeBatch.objects.update(source=CodeSource.FETCHED)
    GiftCode.objects.update(code_ciphertext="")


def test_a_code_used_in_part_says_what_is_left_before_it_is_shown(phone, award):
    whole = text_of(phone.get(claim_path(award)))
    GiftCode.objects.filter(pk=award.gift_code_id).update(balance_jpy=300)

    assert "残高" not in whole
    assert "残高 300円" in text_of(phone.get(claim_path(award)))


def test_who_lost_his_code_to_a_recall_reads_that_another_one_is_coming(phone, client, award):
    job = request_recall(batch_id=award.gift_code.batch_id, reason="印刷の誤り", now=NOW)
    run_job(job_id=job.pk, now=NOW)

    page = text_of(phone.get(claim_path(award)))
    pressed = text_of(client.post(claim_path(award)))
    my_page = text_of(phone.get("/my/"))
    number = Award.objects.get(pk=award.pk).notice_number
    genuine = text_of(phone.send("/genuine/", {"number": number}))

    assert "新しいコードを準備しています" in page
    assert "当選はそのままです。" in page
    assert "新しいコードを準備しています" in pressed
    assert "新しいコードを準備中" in my_page
    assert "無効" not in page + my_page
    assert "取り消し" not in genuine


def test_a_code_that_a_person_blocked_is_void_and_promises_nothing(phone, award):
    void_code(gift_code_id=award.gift_code_id, reason="不正", actor_id=None, now=NOW)

    page = text_of(phone.get(claim_path(award)))

    assert "この賞品は無効になっています" in page
    assert "準備しています" not in page


def test_a_supplier_that_is_away_leaves_the_prize_its_button_and_whom_to_ask(client, supplier_server):
    award = win(fetched_campaign(codes=1))
    supplier_server.unavailable_calls = 1

    away = client.post(claim_path(award))
    page = text_of(away)

    assert (away.status_code, away["Cache-Control"]) == (503, "no-store")
    assert "受け取る権利はそのまま残っています" in page
    assert "コードを表示する" in page
    assert "お問い合わせ" in page
    assert client.post(claim_path(award)).status_code == 200
