"""What holds for every page: the content policy, CSRF on every form, escaped words, answers to errors."""

import html

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.urls import get_resolver

from campaigns.models import Question
from config import urls
from participants.models import EntryStatus
from portal.urls import urlpatterns
from portal.views import errors
from tests.portal.phone import Phone, claim_path, text_of, work

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}
XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "{{ 7*7 }}{% debug %}",
    "javascript:alert(1)",
]
FORMS_OF_OTHERS = {"line-webhook"}  # LINE's servers sign the body instead


@pytest.mark.parametrize("path", ["/", "/c/green-tea/", "/my/", "/genuine/", "/staff/login/", "/mailbox/", "/nothing/"])
def test_every_page_has_the_strict_policy(phone, campaigns, path):
    answer = phone.get(path)

    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


def test_no_page_of_the_whole_way_has_inline_scripts_or_styles(phone, campaigns):
    award = phone.win()
    entry = phone.start("green-tea")
    pages = [phone.get(path) for path in ("/", "/c/green-tea/", "/my/", "/genuine/", "/staff/login/")]
    pages += [phone.get(f"/e/{entry.public_id}/{name}/") for name in ("receipt", "contact", "confirm", "continue")]
    pages += [phone.get(claim_path(award)), phone.send(claim_path(award))]

    for page in pages:
        shown = page.content.decode()
        assert page.status_code == 200
        assert " style=" not in shown
        assert "<style" not in shown
        assert "<script>" not in shown
        assert " onclick=" not in shown
        assert 'lang="ja"' in shown


def test_private_pages_are_not_for_search_engines_and_campaigns_are(phone, campaigns):
    assert "noindex" not in phone.get("/c/green-tea/").content.decode()
    for path in ("/my/", "/genuine/", "/staff/login/", "/mailbox/"):
        assert phone.get(path)["X-Robots-Tag"] == "noindex, nofollow", path
    assert phone.get("/robots.txt").content == b"User-agent: *\nDisallow: /\nAllow: /c/\nAllow: /static/\n"


def test_every_form_needs_its_token(campaigns):
    phone = Phone()
    award = phone.win()
    entry = phone.start("green-tea")
    values = {
        "slug": "green-tea",
        "public_id": str(entry.public_id),
        "token": claim_path(award).split("/")[2],
        "name": "hero",
        "position": "1",
        "number": "0",
        "message_id": "x",
    }
    resolver = get_resolver("portal.urls")
    tried = 0
    for pattern in urlpatterns:
        if pattern.name in FORMS_OF_OTHERS:
            continue
        path = "/" + str(pattern.pattern)
        for key, value in values.items():
            for kind in ("slug", "uuid", "str", "int"):
                path = path.replace(f"<{kind}:{key}>", value)
        assert resolver.resolve(path), path
        answer = phone.post(path)
        assert answer.status_code in (403, 405), path
        tried += answer.status_code == 403
    assert tried >= 18


@pytest.mark.parametrize("payload", XSS)
def test_T12_words_of_operators_and_entrants_are_shown_as_words(phone, campaigns, payload):
    campaign = campaigns["members-voice"]
    campaign.title = campaign.summary = campaign.how_to_enter = payload
    campaign.save()
    campaign.sponsor.name = campaign.sponsor.inquiry_name = payload
    campaign.sponsor.save()
    course = campaign.courses.get()
    course.prizes.update(name=payload, brand=payload, how_to_use=payload)
    Question.objects.filter(survey__campaign=campaign, position=1).update(text=payload, choices=[payload, "はい"])
    entry = phone.start("members-voice")
    phone.send(f"/e/{entry.public_id}/reference/", {"number": "10000001"})
    first, _why, what = campaign.survey.questions.order_by("position")
    phone.send(f"/e/{entry.public_id}/survey/", {f"q{first.pk}": payload, f"q{what.pk}": "味"})

    for path in ("/c/members-voice/", f"/e/{entry.public_id}/survey/", f"/e/{entry.public_id}/confirm/", "/my/", "/"):
        shown = phone.get(path).content.decode()
        assert html.escape(payload) in shown, path
        if html.escape(payload) != payload:
            assert payload not in shown, path


@pytest.mark.parametrize("payload", XSS)
def test_T12_what_is_typed_into_a_field_comes_back_as_words(phone, campaigns, payload):
    entry = phone.start("green-tea")

    for path, name in (
        (f"/e/{entry.public_id}/contact/", "email"),
        ("/genuine/", "number"),
        ("/staff/login/", "store"),
    ):
        shown = phone.send(path, {name: payload[:20], "pin": "1"}).content.decode()
        if html.escape(payload[:20]) != payload[:20]:
            assert payload[:20] not in shown, path


def test_an_unknown_page_says_so_with_a_number_for_inquiries(phone, db):
    answer = phone.get("/nothing/", headers={"X-Request-Id": "abc123"})

    assert answer.status_code == 404
    assert "ページが見つかりません" in text_of(answer)
    assert "お問い合わせ用の番号: abc123" in text_of(answer)


@pytest.mark.parametrize(
    ("handler", "status", "sentence"),
    [
        (urls.handler403, 403, "このページは開けません"),
        (urls.handler500, 500, "こちらの不具合で表示できませんでした"),
    ],
)
def test_each_error_has_a_page_with_a_way_forward(db, handler, status, sentence):
    view = getattr(errors, handler.rpartition(".")[2])
    request = RequestFactory().get("/")

    answer = view(request) if status == 500 else view(request, Exception())

    assert answer.status_code == status
    assert sentence in text_of(answer)


def test_too_many_fields_are_answered_in_words(phone, db, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10

    answer = phone.send("/genuine/", {f"f{n}": "x" for n in range(20)})

    assert answer.status_code == 400
    assert "受け取れない内容でした" in text_of(answer)


def test_the_machines_questions_are_answered_without_a_cookie(phone, db):
    assert (phone.get("/healthz").status_code, phone.get("/healthz").content) == (200, b"ok\n")
    ready = phone.get("/readyz")
    assert ready.json() == {
        "ready": True,
        "database": connection.vendor,
        "agency_wall": connection.vendor == "postgresql",
    }
    assert not ready.cookies


def test_a_database_that_is_away_is_not_ready(phone, db, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", away)

    answer = phone.get("/readyz")

    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert phone.get("/healthz").status_code == 200


def test_the_claim_page_asks_the_database_little(phone, campaigns, django_assert_max_num_queries):
    award = phone.win()

    with django_assert_max_num_queries(3):
        phone.get(claim_path(award))


def test_a_refusal_of_a_service_keeps_its_status_and_sentence(phone, campaigns):
    entry = phone.enter_with_receipt()
    work()
    phone.verify(entry)
    work()

    answer = phone.send(f"/e/{entry.public_id}/withdraw/", page="/genuine/")

    assert answer.status_code == 409
    assert answer.context["message"] in answer.content.decode()
    entry.refresh_from_db()
    assert entry.status == EntryStatus.WON
