"""Two devices at one claim link (T06): who sees the code, who is told how to, and what the desk and the mail can do."""

from datetime import timedelta

import pytest
from django.core import mail

from campaigns.models import Campaign
from codes.models import Award
from codes.services import unbind_award, void_award
from distribution.models import Delivery, DeliveryKind
from distribution.services import reissue, send_delivery
from participants.models import IdentityKind
from participants.services import attach_line
from portal.views import line as line_pages
from tests.flows.steps import NOW
from tests.portal.phone import claim_path, path_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def award(phone, campaigns) -> Award:
    return phone.win()


def bind_by(binding: str) -> None:
    Campaign.objects.update(claim_binding=binding)


def shows_code(page) -> bool:
    return page.context is not None and "revealed" in page.context


def test_T06_the_second_device_is_told_kindly_and_let_in_by_the_link_sent_to_the_winner(phone, other_phone, award):
    bind_by("device")
    path = claim_path(award)
    assert "表示したあとは、この端末でだけ開けます。" in text_of(phone.get(path))
    assert shows_code(phone.send(path))
    cookie = phone.cookies["holder"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")

    told = other_phone.get(path)
    assert "この賞品は別の端末で開かれています" in text_of(told)
    assert "コードを表示する" not in text_of(told)
    refused = other_phone.send(path)  # with the token of the page's own form
    assert refused.status_code == 403
    assert not shows_code(refused)
    assert other_phone.send(f"{path}qr/", page=path).status_code == 404
    assert other_phone.get(f"{path}staff/").status_code == 404

    sent = other_phone.post(f"{path}send/", {"csrfmiddlewaretoken": str(told.context["csrf_token"])})
    assert sent["Location"] == f"{path}?sent=1"
    assert "リンクを送りました。" in text_of(other_phone.get(f"{path}?sent=1"))
    delivery = Delivery.objects.get(kind=DeliveryKind.MOVE)
    send_delivery(delivery_id=delivery.pk, now=NOW)
    assert mail.outbox[-1].to == ["hanako@example.com"]
    link = next(word for word in mail.outbox[-1].body.split() if "/move/" in word)
    other_phone.get(path_of(link))  # as a scanner of mails would
    assert not shows_code(other_phone.send(path))

    assert other_phone.send(path_of(link))["Location"] == path
    assert shows_code(other_phone.send(path))
    assert "この賞品は別の端末で開かれています" in text_of(phone.get(path))
    ended = phone.send(path_of(link))
    assert (ended.status_code, f'href="{path}"' in ended.content.decode()) == (410, True)


def test_links_for_another_device_are_not_sent_without_end(phone, other_phone, award, noon):
    bind_by("device")
    phone.send(claim_path(award))
    token = str(other_phone.get(claim_path(award)).context["csrf_token"])

    answers = [
        other_phone.post(f"{claim_path(award)}send/", {"csrfmiddlewaretoken": token}).status_code for _n in range(4)
    ]

    assert answers == [302] * 3 + [429]
    assert Delivery.objects.filter(kind=DeliveryKind.MOVE).count() == 3


def test_a_cookie_that_was_altered_is_no_device(phone, award):
    bind_by("device")
    phone.send(claim_path(award))
    phone.cookies["holder"] = phone.cookies["holder"].value[:-2] + "xx"

    assert phone.send(claim_path(award)).status_code == 403


def test_the_desk_frees_a_prize_for_the_next_device(phone, other_phone, award):
    bind_by("device")
    phone.send(claim_path(award))
    unbind_award(award_id=award.pk, reason="機種変更", now=NOW)

    assert shows_code(other_phone.send(claim_path(award)))
    assert not shows_code(phone.send(claim_path(award)))


def test_a_pin_is_chosen_then_asked_for_on_every_device(phone, other_phone, award, noon):
    bind_by("pin")
    path = claim_path(award)
    assert "暗証番号を決める" in text_of(phone.get(path))
    for pins, words in (
        ({"pin": "1947", "again": "1948"}, "2つの暗証番号が違います。"),
        ({"pin": "1111", "again": "1111"}, "4〜8桁の数字を決めてください。"),
        ({}, "入力してください。"),
    ):
        answer = phone.send(path, pins)
        assert answer.status_code == 422
        assert words in text_of(answer)
    assert shows_code(phone.send(path, {"pin": "１９４７", "again": "1947"}))
    assert shows_code(phone.send(path))  # the browser has just shown that it knows
    noon.shift(timedelta(minutes=16))
    assert "最初に開いたときに決めた番号です。" in text_of(phone.get(path))

    wrong = [other_phone.send(path, {"pin": "0000"}) for _try in range(6)]
    assert [page.status_code for page in wrong] == [403] * 5 + [429]
    assert "次に入力できるのは 2026年11月22日(日) 12:31 からです。" in text_of(wrong[-1])
    assert "1947" not in wrong[-1].content.decode()
    noon.shift(timedelta(minutes=15))
    assert shows_code(other_phone.send(path, {"pin": "1947"}))


class Line:
    """A LINE that names one account."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id

    def authorize_url(self, **parts: str) -> str:
        return f"https://line.example/?state={parts['state']}"

    def exchange_code(self, **_parts: str):
        return type("Tokens", (), {"id_token": "x", "access_token": "y"})()

    def verify_id_token(self, _token: str, **_parts: object):
        return type("Account", (), {"user_id": self.user_id})()

    def friendship(self, _token: str) -> bool:
        return True


def log_in(phone, award: Award, monkeypatch, user_id: str):
    monkeypatch.setattr(line_pages, "_line", lambda: Line(user_id))
    begun = phone.get(f"/line/claim/{claim_path(award).split('/')[2]}/")
    state = begun["Location"].split("state=")[1]
    return phone.get(f"/line/callback/?code=c&state={state}")


def test_T24_only_the_winners_line_account_opens_the_prize(phone, other_phone, award, monkeypatch, noon):
    bind_by("line")
    attach_line(entry_id=award.entry_id, line_user_id="U-own", is_friend=True, now=NOW)
    path = claim_path(award)
    page = other_phone.get(path)
    assert "応募に使ったLINEアカウントで開きます。" in text_of(page)
    assert "コードを表示する" not in text_of(page)

    refused = log_in(other_phone, award, monkeypatch, "U-other")
    assert refused.status_code == 403
    assert f'href="{path}"' in refused.content.decode()
    assert not shows_code(other_phone.get(path))

    assert log_in(phone, award, monkeypatch, "U-own")["Location"] == path
    assert shows_code(phone.send(path))
    award.refresh_from_db()
    assert award.bound_identity.kind == IdentityKind.LINE
    noon.shift(timedelta(minutes=16))
    assert "応募に使ったLINEアカウントで開きます。" in text_of(phone.get(path))


def test_a_login_that_was_given_up_leads_back_to_the_prize(phone, award, monkeypatch):
    bind_by("line")
    monkeypatch.setattr(line_pages, "_line", lambda: Line("U-own"))
    state = phone.get(f"/line/claim/{claim_path(award).split('/')[2]}/")["Location"].split("state=")[1]

    assert phone.get(f"/line/callback/?error=access_denied&state={state}")["Location"] == claim_path(award)


def test_a_replaced_prize_says_so_and_leads_nobody_to_the_new_link(phone, other_phone, award):
    new = reissue(award_id=award.pk, reason="誤送信", now=NOW)

    page = phone.send(claim_path(award), page=claim_path(new))
    assert "この賞品は再発行されました" in text_of(page)
    assert claim_path(new) not in page.content.decode()
    assert shows_code(other_phone.send(claim_path(new)))


def test_my_page_tells_what_became_of_each_prize(phone, other_phone, award):
    bind_by("device")
    assert "賞品を受け取る" in text_of(phone.get("/my/"))
    other_phone.send(claim_path(award))
    assert "別の端末で受取済み" in text_of(phone.get("/my/"))
    unbind_award(award_id=award.pk, reason="x", now=NOW)
    Award.objects.update(revealed_at=None)
    new = reissue(award_id=award.pk, reason="x", now=NOW)
    assert "再発行済み" in text_of(phone.get("/my/"))
    void_award(award_id=new.pk, reason="x", now=NOW)
    assert "無効" in text_of(phone.get("/my/"))
