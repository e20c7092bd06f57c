"""The whole way without scripts: from the first press to the code, and the ways that lead back."""

import pytest

from codes.models import Award
from distribution.models import Delivery, DeliveryKind
from participants.links import resume_url
from participants.models import Answer, Consent, ConsentKind, EntryStatus, Identity
from participants.services import withdraw_entry
from receipts.models import Receipt
from tests.flows.steps import NOW, jpeg, tea_reading
from tests.portal.phone import claim_path, path_of, text_of, work

pytestmark = pytest.mark.django_db


def test_from_the_campaign_page_to_the_code_without_a_script(phone, campaigns):
    entry = phone.start("green-tea")
    assert phone.get(f"/e/{entry.public_id}/")["Location"] == f"/e/{entry.public_id}/receipt/"
    assert "1/3" in text_of(phone.get(f"/e/{entry.public_id}/receipt/"))
    assert phone.upload(entry)["Location"] == f"/e/{entry.public_id}/contact/"
    assert phone.give_email(entry)["Location"] == f"/e/{entry.public_id}/confirm/"
    assert "ha****@example.com" in text_of(phone.get(f"/e/{entry.public_id}/confirm/"))
    assert phone.confirm(entry)["Location"] == f"/e/{entry.public_id}/"

    waiting = phone.get(f"/e/{entry.public_id}/")
    assert "次にレシートを読み取ります" in text_of(waiting)
    assert "この画面を閉じても大丈夫です" in text_of(waiting)
    assert '<meta http-equiv="refresh" content="4">' in waiting.content.decode()

    work()
    assert "メールのリンクを開いてください" in text_of(phone.get(f"/e/{entry.public_id}/"))
    assert phone.verify(entry)["Location"] == f"/e/{entry.public_id}/"
    work()
    won = text_of(phone.get(f"/e/{entry.public_id}/"))
    assert "当選しました ミズヒキ 500円クーポン 500円 受取期限 2026年12月22日(火) 23:59まで" in won

    award = Award.objects.get(entry=entry)
    assert "コードを表示する" in text_of(phone.get(claim_path(award)))
    revealed = phone.send(claim_path(award))
    assert revealed.status_code == 200
    assert len(revealed.context["revealed"].code) == 16
    assert revealed.context["revealed"].code in revealed.content.decode()


def test_a_waiting_page_leads_on_as_soon_as_there_is_more_to_say(phone, campaigns):
    entry = phone.enter_with_receipt()
    progress = f"/e/{entry.public_id}/progress/?page=checking"
    assert "HX-Redirect" not in phone.get(progress)

    work()

    assert phone.get(progress)["HX-Redirect"] == f"/e/{entry.public_id}/?reveal=1"


def test_a_receipt_sent_back_shows_why_and_is_sent_again_without_filling_in_anything(phone, campaigns):
    entry = phone.enter_with_receipt()
    work(tea_reading(total="1200"))

    page = phone.get(f"/e/{entry.public_id}/")
    assert page.context["fix_step"] == "receipt"
    assert [reason["code"] for reason in page.context["reasons"]] == ["spend_too_small"]
    assert page.context["reasons"][0]["message"] in page.content.decode()
    assert page.context["reasons"][0]["fix"] in page.content.decode()
    assert "応募回数は減っていません。" in text_of(page)

    assert phone.upload(entry, jpeg(90))["Location"] == f"/e/{entry.public_id}/confirm/"
    confirm = phone.get(f"/e/{entry.public_id}/confirm/")
    assert list(confirm.context["form"].fields) == []  # agreed before
    phone.send(f"/e/{entry.public_id}/confirm/")
    work()
    entry.refresh_from_db()
    assert entry.status == EntryStatus.ACCEPTED


def test_an_instant_win_is_told_after_a_moment_and_stays_what_it_was(phone, campaigns):
    entry = phone.start("lucky-serial")
    phone.send(f"/e/{entry.public_id}/serial/", {"number": "ＭＺＨＫ－２０２６ demo 001"})
    phone.give_email(entry)
    phone.confirm(entry)
    work()
    phone.verify(entry)
    work()

    first = phone.get(f"/e/{entry.public_id}/?reveal=1")
    again = phone.get(f"/e/{entry.public_id}/")

    assert first.context["page"] in ("won", "lost")
    assert first.context["page"] == again.context["page"]
    assert 'id="suspense"' in first.content.decode()
    assert 'id="suspense"' not in again.content.decode()


def test_an_answer_that_leads_to_a_question_brings_the_page_back_with_it(phone, campaigns):
    entry = phone.start("members-voice")
    survey = f"/e/{entry.public_id}/survey/"
    assert phone.send(f"/e/{entry.public_id}/reference/", {"number": "10000001"})["Location"] == survey
    drinks, why, what = campaigns["members-voice"].survey.questions.order_by("position")
    given = {f"q{drinks.pk}": "飲まない", f"q{what.pk}": ["味", "価格"]}
    assert why.text not in text_of(phone.get(survey))

    answer = phone.send(survey, given)
    assert answer["Location"] == f"{survey}#id_q{why.pk}"
    assert why.text in text_of(phone.get(survey))
    assert Answer.objects.count() == 2

    answer = phone.send(survey, given | {f"q{why.pk}": "コーヒーが\r\n好きなので"})
    assert answer["Location"] == f"/e/{entry.public_id}/contact/"
    assert Answer.objects.get(question=why).values == ["コーヒーが\n好きなので"]

    phone.give_email(entry)
    phone.confirm(entry)
    work()
    phone.verify(entry)
    work()
    words = text_of(phone.get(f"/e/{entry.public_id}/"))
    assert "応募を受け付けました 抽選は、2026年12月22日(火) 23:59の締め切りのあとに行います。" in words


def test_a_missing_answer_is_named_and_gets_the_focus(phone, campaigns):
    entry = phone.start("members-voice")
    phone.send(f"/e/{entry.public_id}/reference/", {"number": "10000001"})

    answer = phone.send(f"/e/{entry.public_id}/survey/")

    assert answer.status_code == 422
    assert text_of(answer).count("この質問にお答えください。") == 2
    assert answer.content.decode().count("autofocus") >= 1
    assert Answer.objects.count() == 0


def test_terms_are_needed_and_news_is_a_wish_of_its_own(phone, campaigns):
    entry = phone.start("green-tea")
    phone.upload(entry)
    phone.give_email(entry)
    page = phone.get(f"/e/{entry.public_id}/confirm/").content.decode()
    assert "checked" not in page

    refused = phone.send(f"/e/{entry.public_id}/confirm/", {"news": "on"})
    assert refused.status_code == 422
    assert "応募規約をお読みのうえ、同意のチェックを入れてください。" in text_of(refused)
    assert 'aria-invalid="true"' in refused.content.decode()
    assert Consent.objects.count() == 0

    phone.confirm(entry)
    assert list(Consent.objects.values_list("kind", flat=True)) == [ConsentKind.TERMS]


def test_news_asked_for_is_kept_apart_from_the_terms(phone, campaigns):
    entry = phone.start("green-tea")
    phone.upload(entry)
    phone.give_email(entry)
    phone.confirm(entry, news="on")

    assert set(Consent.objects.values_list("kind", flat=True)) == {ConsentKind.TERMS, ConsentKind.MARKETING}


def test_sending_too_early_names_the_open_steps_and_keeps_the_rest(phone, campaigns):
    entry = phone.start("green-tea")
    phone.give_email(entry)

    answer = phone.confirm(entry)

    assert answer.status_code == 422
    assert answer.context["missing"] == ["receipt"]
    assert f'href="/e/{entry.public_id}/receipt/"' in answer.content.decode()
    entry.refresh_from_db()
    assert entry.status == EntryStatus.STARTED


def test_going_back_finds_everything_as_it_was_left(phone, campaigns):
    entry = phone.start("lucky-serial")
    phone.send(f"/e/{entry.public_id}/serial/", {"number": "MZHK2026DEMO001"})

    back = phone.get(f"/e/{entry.public_id}/serial/")

    assert "入力済み: MZ*************。" in text_of(back)
    assert "MZHK2026DEMO001" not in back.content.decode()
    assert f'href="/e/{entry.public_id}/contact/"' in back.content.decode()


def test_a_step_that_the_campaign_does_not_have_is_not_there(phone, campaigns):
    entry = phone.start("green-tea")

    for name in ("serial", "reference", "survey", "line", "x", "nonsense"):
        assert phone.get(f"/e/{entry.public_id}/{name}/").status_code == 404, name


def test_a_sent_entry_is_not_edited(phone, campaigns):
    entry = phone.enter_with_receipt()

    for name in ("receipt", "contact", "confirm"):
        answer = phone.get(f"/e/{entry.public_id}/{name}/")
        assert (answer.status_code, answer["Location"]) == (302, f"/e/{entry.public_id}/"), name


@pytest.mark.parametrize(
    "address",
    ["da..me@docomo.ne.jp", "dame.@ezweb.ne.jp", "Ｈａｎａｋｏ@Example.com", "o'hara+tea@example.co.jp"],
)
def test_an_address_as_japanese_phones_have_them_is_taken(phone, campaigns, address):
    entry = phone.start("green-tea")

    assert phone.give_email(entry, address).status_code == 302
    assert list(Delivery.objects.values_list("kind", flat=True)) == [DeliveryKind.VERIFY_EMAIL]


@pytest.mark.parametrize(
    "address",
    [
        "da..me@softbank.ne.jp",
        "a@localhost",
        "a@[127.0.0.1]",
        "a@example.com,b@example.com",
        "a@example.com\nBcc: b@example.com",
        "花子@",
        "x" * 250 + "@example.com",
    ],
)
def test_an_address_that_no_mail_reaches_is_refused_beside_its_field(phone, campaigns, address):
    entry = phone.start("green-tea")

    answer = phone.give_email(entry, address)

    assert answer.status_code == 422
    assert 'id="id_email_error"' in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    assert "autofocus" in answer.content.decode()
    assert Identity.objects.count() == 0


def test_the_confirmation_mail_is_sent_again_to_another_address(phone, campaigns):
    entry = phone.enter_with_receipt(email="wrong@example.com")
    work()
    page = f"/e/{entry.public_id}/"

    answer = phone.send(f"/e/{entry.public_id}/send-again/", {"email": "right@example.com"}, page=page)

    assert answer["Location"] == f"/e/{entry.public_id}/?sent=1"
    assert "ri***@example.com にリンクをお送りしました。" in text_of(phone.get(page))
    assert Delivery.objects.filter(kind=DeliveryKind.VERIFY_EMAIL).count() == 2
    assert "メールを送りました。" in text_of(phone.get(answer["Location"]))


@pytest.mark.usefixtures("one_window")
def test_mails_to_strangers_cannot_be_sent_without_end(phone, campaigns):
    entry = phone.start("green-tea")

    answers = [phone.give_email(entry, f"victim{n}@example.com").status_code for n in range(7)]

    assert answers == [302] * 5 + [429] * 2
    assert Delivery.objects.count() == 5


@pytest.mark.usefixtures("one_window")
def test_numbers_cannot_be_guessed_without_end_and_a_new_entry_does_not_help(phone, campaigns):
    entry = phone.start("lucky-serial")
    path = f"/e/{entry.public_id}/serial/"

    answers = [phone.send(path, {"number": f"MZHK2026DEMO{n:03}"}).status_code for n in range(12)]
    assert answers == [302] * 10 + [429] * 2

    withdraw_entry(entry_id=entry.pk, now=NOW)
    again = phone.start("lucky-serial")
    assert phone.send(f"/e/{again.public_id}/serial/", {"number": "MZHK2026DEMO050"}).status_code == 429


def test_T05_an_unknown_number_and_a_known_one_get_the_same_answer(phone, other_phone, campaigns):
    answers = []
    for browser, number in ((phone, "MZHK2026DEMO001"), (other_phone, "AAAA2026AAAA001")):
        entry = browser.start("lucky-serial")
        answer = browser.send(f"/e/{entry.public_id}/serial/", {"number": number})
        answers.append((answer.status_code, answer["Location"].rsplit("/", 2)[1], answer.content))

    assert answers[0] == answers[1]


def test_an_entry_goes_on_with_another_phone_by_the_mailed_link(phone, other_phone, campaigns):
    entry = phone.start("green-tea")
    phone.upload(entry)
    path = path_of(resume_url(entry))

    assert other_phone.get(f"/e/{entry.public_id}/").status_code == 404
    assert "この端末で続ける" in text_of(other_phone.get(path))
    assert other_phone.get(f"/e/{entry.public_id}/").status_code == 404  # looking at the link is not enough

    assert other_phone.send(path)["Location"] == f"/e/{entry.public_id}/"
    assert other_phone.get(f"/e/{entry.public_id}/")["Location"] == f"/e/{entry.public_id}/contact/"
    assert Receipt.objects.count() == 1


def test_the_link_to_go_on_is_mailed_to_the_address_that_is_typed(phone, campaigns):
    entry = phone.start("green-tea")

    answer = phone.send(f"/e/{entry.public_id}/continue/", {"email": "hanako@example.com"})

    assert "メールを送りました。" in text_of(answer)
    assert Delivery.objects.count() == 1


def test_a_link_that_was_altered_is_refused_with_a_sentence(phone, campaigns):
    entry = phone.start("green-tea")
    path = path_of(resume_url(entry))

    for altered in (path.replace(":", "x", 1), path[:-3] + "/", "/verify/abc/"):
        assert phone.get(altered).status_code == 410, altered


def test_an_entry_is_withdrawn_from_my_page(phone, campaigns):
    entry = phone.enter_with_receipt()

    phone.send(f"/e/{entry.public_id}/withdraw/", page="/my/")

    entry.refresh_from_db()
    assert entry.status == EntryStatus.WITHDRAWN
    assert "この応募は取り消しました" in text_of(phone.get(f"/e/{entry.public_id}/"))
