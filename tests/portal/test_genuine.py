"""本物確認: three answers to one number, and no way to try numbers by the thousand."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.services import void_award
from distribution.services import reissue
from tests.flows.steps import NOW, deliver
from tests.portal.phone import Phone, claim_path, text_of

pytestmark = pytest.mark.django_db


def asked(phone: Phone, number: str):
    return phone.send("/genuine/", {"number": number})


@pytest.mark.parametrize("typed", [str, str.lower, lambda n: n.replace("-", ""), lambda n: n.replace("-", "－")])
def test_a_number_of_ours_names_the_campaign_and_its_sponsor_and_nothing_more(phone, campaigns, typed):
    award = phone.win()

    answer = asked(phone, typed(award.notice_number))

    assert "本物のお知らせです。" in text_of(answer)
    assert "ミズヒキ飲料株式会社の「ミズヒキ緑茶 レシートで500円クーポンがもらえる！」の当選のお知らせ" in text_of(
        answer
    )
    assert "hanako" not in answer.content.decode()
    assert "/g/" not in answer.content.decode()


def test_a_notice_of_ours_that_was_replaced_or_withdrawn_says_so(phone, campaigns):
    award = phone.win()
    new = reissue(award_id=award.pk, reason="誤送信", now=NOW)

    replaced = text_of(asked(phone, award.notice_number))
    assert "本物のお知らせです。" in replaced
    assert "そのあと再発行されています。新しい案内のリンクをお使いください。" in replaced
    assert "再発行" not in text_of(asked(phone, new.notice_number))
    void_award(award_id=new.pk, reason="不正応募", now=NOW)
    assert "そのあと無効になったため、リンクは使えません。" in text_of(asked(phone, new.notice_number))


def test_T05_every_answer_takes_the_same_reads(phone, campaigns):
    award = phone.win()
    asked(phone, "0000-0000-0000")
    counts = []
    for number in (award.notice_number, "0000-0000-0000", "1234"):
        with CaptureQueriesContext(connection) as queries:
            asked(phone, number)
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_a_number_that_we_never_gave_is_not_ours(phone, campaigns):
    phone.win()

    assert "当事務局のお知らせではありません。" in text_of(asked(phone, "0000-0000-0000"))


@pytest.mark.parametrize("number", ["1234", "ABCD-EFGH-IJKL", "当選番号", "0000-0000-0000-0"])
def test_what_has_not_the_form_of_a_number_cannot_be_told(phone, db, number):
    assert "この番号では確認できません。" in text_of(asked(phone, number))


def test_an_empty_field_is_asked_for(phone, db):
    answer = asked(phone, "")

    assert answer.status_code == 422
    assert "入力してください。" in text_of(answer)


def test_T04_numbers_are_not_tried_without_end(phone, noon, db):
    answers = [asked(phone, f"0000-0000-{n:04}").status_code for n in range(12)]
    assert answers == [200] * 10 + [429] * 2

    noon.shift(timedelta(minutes=10))
    assert asked(phone, "0000-0000-0000").status_code == 200


@pytest.mark.usefixtures("one_window")
def test_T04_new_browsers_of_one_network_share_a_larger_budget(db, monkeypatch):
    monkeypatch.setattr("portal.views.genuine.CHECKS", 1)

    answers = [asked(Phone(), "0000-0000-0000").status_code for _number in range(22)]

    assert answers == [200] * 20 + [429] * 2


def test_mail_prize_and_page_name_the_number_by_the_same_word(phone, campaigns):
    award = phone.win()
    [mail] = deliver()[-1:]

    words = f"通知番号：{award.notice_number}"

    assert words in mail.body
    assert f"通知番号 {award.notice_number}" in text_of(phone.get(claim_path(award)))
    assert "通知番号" in text_of(phone.get("/genuine/"))
