"""Who sees what: a browser reaches what it began or proved, never a person whose address it merely typed."""

import pytest
from django.http import HttpResponse

from participants.links import verify_url
from participants.models import Entry, EntryStatus, Identity
from portal.session import KEPT, Visitor, remember, visitor_of
from tests.factories import EntryFactory
from tests.portal.phone import path_of, text_of, work

pytestmark = pytest.mark.django_db


def test_T16_a_foreign_entry_and_an_unknown_one_get_the_same_answer(phone, other_phone, campaigns):
    entry = phone.enter_with_receipt()
    unknown = "00000000-0000-4000-8000-000000000000"
    pages = ("", "receipt/", "confirm/", "progress/", "photo/1/", "region/0/", "continue/")

    for page in pages:
        assert other_phone.get(f"/e/{entry.public_id}/{page}").status_code == 404, page
        assert other_phone.get(f"/e/{unknown}/{page}").status_code == 404, page
    for action in ("withdraw/", "send-again/", "confirm/"):
        token = str(other_phone.get("/genuine/").context["csrf_token"])
        answer = other_phone.post(f"/e/{entry.public_id}/{action}", {"csrfmiddlewaretoken": token})
        assert answer.status_code == 404, action
    entry.refresh_from_db()
    assert entry.status == EntryStatus.SUBMITTED


def test_looking_at_the_confirmation_link_confirms_nothing(phone, other_phone, campaigns):
    entry = phone.enter_with_receipt()
    identity = Identity.objects.get()

    page = other_phone.get(path_of(verify_url(identity, entry)))

    assert "このアドレスで間違いありません" in text_of(page)
    identity.refresh_from_db()
    assert identity.verified_at is None
    assert other_phone.get("/my/").context["rows"] == []


def test_typing_the_address_of_another_person_does_not_open_that_persons_page(phone, other_phone, campaigns):
    victims = phone.enter_with_receipt(email="victim@example.com")
    phone.verify(victims)
    intruders = other_phone.start("lucky-serial")
    other_phone.give_email(intruders, "victim@example.com")

    phone.verify(intruders)  # the victim presses the button in good faith: both are one person now

    intruders.refresh_from_db()
    assert intruders.participant == Entry.objects.get(pk=victims.pk).participant
    assert [row[0] for row in other_phone.get("/my/").context["rows"]] == [intruders]
    assert other_phone.get(f"/e/{victims.public_id}/").status_code == 404
    assert {row[0] for row in phone.get("/my/").context["rows"]} == {victims, intruders}


def test_an_intruder_begins_no_entry_in_the_name_of_a_confirmed_person(phone, other_phone, campaigns):
    intruders = other_phone.start("lucky-serial")
    other_phone.give_email(intruders, "victim@example.com")
    phone.verify(intruders)

    intruders.refresh_from_db()
    assert other_phone.start("green-tea").participant != intruders.participant
    assert phone.start("green-tea").participant == intruders.participant


def test_an_anonymous_visitor_stays_one_person_over_campaigns(phone, campaigns):
    assert phone.start("green-tea").participant == phone.start("lucky-serial").participant


def test_the_cookie_is_signed_hidden_from_scripts_and_stays_on_the_site(phone, campaigns):
    phone.start("green-tea")
    cookie = phone.cookies["visitor"]

    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    phone.cookies["visitor"] = cookie.value[:-2] + "xx"
    assert phone.get("/my/").context["rows"] == []


def test_the_cookie_of_a_secure_site_is_bound_to_its_host(phone, campaigns, settings):
    settings.SESSION_COOKIE_SECURE = True
    page = phone.get("/c/green-tea/")

    phone.post("/c/green-tea/start/", {"csrfmiddlewaretoken": str(page.context["csrf_token"])})

    assert phone.cookies["__Host-visitor"]["secure"] is True


@pytest.mark.parametrize("value", ["", "x", "e30:1abc:def", '{"d":1}'])
def test_any_rubbish_in_the_cookie_is_a_new_visitor(phone, rf, value):
    request = rf.get("/")
    request.COOKIES["visitor"] = value

    assert (visitor_of(request).entries, visitor_of(request).people) == ((), ())


def test_a_browser_remembers_the_latest_entries_and_stays_small(rf):
    visitor = Visitor()
    for _number in range(KEPT + 3):
        EntryFactory()
    entries = list(Entry.objects.order_by("pk"))
    for entry in entries:
        visitor = visitor.with_entry(entry).with_link(entry.campaign_id, entry.pk)

    answer = remember(HttpResponse(), visitor)

    assert visitor.entries == tuple(entry.public_id.hex for entry in entries[3:])
    assert len(answer.cookies["visitor"].value) < 1500


def test_my_page_shows_states_awards_deadlines_and_messages(phone, campaigns):
    assert "このブラウザーでの応募はまだありません。" in text_of(phone.get("/my/"))
    phone.win()

    words = text_of(phone.get("/my/"))

    assert "ミズヒキ 500円クーポン 500円" in words
    assert "未受取 2026年12月22日(火) 23:59まで" in words
    assert "当選 2026年11月22日(日) 12:00に送信" in words
    assert "support@mizuhiki-drinks.example" in words
    assert "hanako" not in words


def test_a_person_who_confirmed_elsewhere_finds_his_entries_there(phone, other_phone, campaigns):
    entry = phone.enter_with_receipt()
    work()

    other_phone.verify(entry)

    assert [row[0] for row in other_phone.get("/my/").context["rows"]] == [entry]
