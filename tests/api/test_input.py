"""What may come in: hostile and sloppy bodies are refused with a 4xx that names the place, and change nothing."""

import json
import uuid

import pytest

from accounts.models import ApiKey
from participants.models import Entry
from tests.api.world import JSON, entry_body, sale

DEEP_OBJECT = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
TEXT = '"campaign":"00000000-0000-4000-8000-000000000000","terms_agreed":true'

BODIES = [
    ("empty", b"", 400, "invalid_input"),
    ("blank", b"   ", 400, "json_not_accepted"),
    ("cut off", b'{"email": "a', 400, "json_not_accepted"),
    ("two values", b"{} {}", 400, "json_not_accepted"),
    ("comment", b"{} // x", 400, "json_not_accepted"),
    ("single quotes", b"{'email': 1}", 400, "json_not_accepted"),
    ("name twice", b'{"email": "a@example.jp", "email": "b@example.jp"}', 400, "json_not_accepted"),
    ("inner name twice", b'{"answers": [{"values": [], "values": []}]}', 400, "json_not_accepted"),
    ("NaN", b'{"email": NaN}', 400, "json_not_accepted"),
    ("Infinity", b'{"email": -Infinity}', 400, "json_not_accepted"),
    ("float beyond range", b'{"email": 1e999}', 400, "json_not_accepted"),
    ("5,000 digits", b'{"email": ' + b"9" * 5_000 + b"}", 400, "json_not_accepted"),
    ("byte order mark", b"\xef\xbb\xbf{}", 400, "json_not_accepted"),
    ("UTF-16", "{}".encode("utf-16"), 400, "json_not_accepted"),
    ("not UTF-8", b'{"email": "\xff"}', 400, "json_not_accepted"),
    ("Shift_JIS", '{"email": "漢字"}'.encode("cp932"), 400, "json_not_accepted"),
    ("NUL", b'{"email": "a\\u0000b"}', 400, "json_not_accepted"),
    ("NUL in a name", b'{"em\\u0000ail": 1}', 400, "json_not_accepted"),
    ("lone surrogate", b'{"email": "\\ud800"}', 400, "json_not_accepted"),
    ("lone surrogate in a name", b'{"\\udfff": 1}', 400, "json_not_accepted"),
    ("21 levels", b"[" * 21 + b"]" * 21, 400, "json_too_deep"),
    ("5,000 objects", DEEP_OBJECT, 400, "json_too_deep"),
    ("100,000 lists", b"[" * 100_000 + b"]" * 100_000, 400, "json_too_deep"),
    ("1 MB and a byte", b'"' + b"a" * 1_048_575 + b'"', 413, "body_too_large"),
    ("list", b"[]", 400, "invalid_input"),
    ("text", b'"x"', 400, "invalid_input"),
    ("number", b"1", 400, "invalid_input"),
    ("null", b"null", 400, "invalid_input"),
    ("true", b"true", 400, "invalid_input"),
    ("no fields", b"{}", 400, "invalid_input"),
    ("wrong types", b'{"campaign": 1, "email": 2, "terms_agreed": "yes", "answers": {}}', 400, "invalid_input"),
    ("20 levels", b'{"answers":' + b"[" * 19 + b"]" * 19 + b"}", 400, "invalid_input"),
    ("controls", f'{{{TEXT},"email":"a\\u001b@example.jp"}}'.encode(), 400, "invalid_input"),
    (
        "bidirectional",
        f'{{{TEXT},"email":"a@example.jp","external_reference":"\\u202e"}}'.encode(),
        400,
        "invalid_input",
    ),
    ("unknown field", f'{{{TEXT},"email":"a@example.jp","status":"won"}}'.encode(), 400, "invalid_input"),
]


@pytest.mark.parametrize(("body", "status", "code"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
def test_a_body_that_is_not_what_we_document_is_refused(tenant, body, status, code):
    answer = tenant.api.post("/entries", raw=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("application/json; charset=shift_jis", {}),
        ("application/json; charset=utf-16", {}),
        ("text/plain", {}),
        ("application/x-www-form-urlencoded", {}),
        ("multipart/form-data; boundary=x", {}),
        ("", {}),
        (JSON, {"Content-Encoding": "gzip"}),
    ],
)
def test_another_content_type_charset_or_compression_is_refused(tenant, content_type, headers):
    body = json.dumps(entry_body(tenant))
    answer = tenant.api.client.post(
        "/api/v1/entries", body, content_type=content_type, headers={"Idempotency-Key": "k", **headers}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_utf_8_may_be_said(tenant):
    answer = tenant.api.client.post(
        "/api/v1/entries",
        json.dumps(entry_body(tenant)),
        content_type='application/json; charset="UTF-8"',
        headers={"Idempotency-Key": "k"},
    )

    assert answer.status_code == 201


def test_each_place_at_fault_is_named_by_a_pointer(tenant):
    body = {
        "campaign": "not-a-uuid",
        "terms_agreed": 1,
        "answers": [{"question": str(uuid.uuid4()), "values": ["a"]}, {"values": [1], "a/b~c": 1}],
        "extra": None,
    }

    answer = tenant.api.post("/entries", body).json()

    assert {(error["pointer"], error["code"]) for error in answer["errors"]} == {
        ("/campaign", "invalid"),
        ("/email", "required"),
        ("/terms_agreed", "invalid"),
        ("/answers/1/question", "required"),
        ("/answers/1/values/0", "invalid"),
    }
    assert answer["status"] == 400
    assert answer["title"] == "Bad Request"
    assert answer["request_id"]


@pytest.mark.parametrize("amount", ["100", "１００", "1_00", 100.0, True, 0, -1, 100_000_001, 10**30, None, [], {}])
def test_yen_are_whole_positive_json_integers(tenant, amount):
    answer = tenant.api.post("/redemptions", sale("X" * 16, amount=amount))

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/amount"]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/campaigns", {"limit": "0"}),
        ("/campaigns", {"limit": "201"}),
        ("/campaigns", {"limit": "１０"}),
        ("/campaigns", {"limit": "1_0"}),
        ("/campaigns", {"limit": "9" * 5_000}),
        ("/campaigns", {"limit": ["1", "2"]}),
        ("/campaigns", {"cursor": "x"}),
        ("/campaigns", {"cursor": "1"}),
        ("/campaigns", {"status": "OPEN"}),
        ("/campaigns", {"status": ""}),
        ("/campaigns", {"unknown": "1"}),
        ("/campaigns", {"agency": "1"}),
        ("/campaigns", {"ordering": "-pk"}),
        ("/entries", {"participant__identities__masked": "a"}),
        ("/entries", {"external_reference": "\0"}),
        ("/redemptions", {"pos_transaction_id": "\0"}),
        ("/redemptions", {"pos_transaction_id": "あ"}),
        ("/redemptions", {"pos_transaction_id": "x" * 65}),
    ],
)
def test_an_address_takes_documented_parameters_only(tenant, path, parameters):
    answer = tenant.api.get(path, **parameters)

    assert answer.status_code == 400
    assert {error["parameter"] for error in answer.json()["errors"]} == set(parameters)


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns/1",
        "/campaigns/%00",
        "/campaigns/..%2f..",
        "/campaigns/",
        "/nothing",
        "/entries/00000000-0000-4000-8000-000000000000/",
        "/%ff%fe",
        "/",
    ],
)
def test_an_unknown_address_is_answered_like_an_unknown_id(tenant, path):
    unknown = tenant.api.get(f"/entries/{uuid.uuid4()}")
    for method in ("get", "post", "put", "delete"):
        answer = getattr(tenant.api.client, method)(f"/api/v1{path}")

        assert answer.status_code == 404, (method, path)
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}


@pytest.mark.parametrize("field", ["id", "status", "agency", "participant", "submitted_at", "verdict", "is_win", "pk"])
def test_T03_an_entry_cannot_be_given_what_only_the_service_decides(tenant, field):
    answer = tenant.api.post("/entries", entry_body(tenant, **{field: "won"}))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{field}")
    assert answer.json()["errors"][0]["code"] == "unknown_field"
    assert Entry.objects.count() == 0


@pytest.mark.parametrize("field", ["balance", "status", "received_at", "agency", "gift_code", "kind", "api_key"])
def test_T03_a_redemption_cannot_be_given_what_only_the_service_decides(tenant, field):
    answer = tenant.api.post("/redemptions", sale("X" * 16, **{field: 1}))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{field}")


def test_a_refusal_never_echoes_what_was_sent(tenant):
    marked = "<script>CANARY</script>"

    answers = [
        tenant.api.post("/entries", {"email": marked, "campaign": marked, "terms_agreed": marked}),
        tenant.api.get("/entries", status=marked),
        tenant.api.post("/redemptions/validate", {"code": marked, "store_id": "no-such"}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 404]
    assert [b"CANARY" in answer.content for answer in answers] == [False, False, False]


def test_a_fault_of_ours_is_a_problem_without_a_trace(tenant, monkeypatch):
    tenant.api.get("/me")
    caller = tenant.api
    caller.client.raise_request_exception = False
    monkeypatch.setattr("api.v1.campaigns.campaigns_of", lambda agencies: 1 / 0)

    answer = caller.get("/campaigns")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["request_id"] == answer["X-Request-Id"]
    assert b"ZeroDivision" not in answer.content


def test_sentences_are_japanese_unless_english_is_asked_for(tenant):
    japanese = tenant.api.get(f"/entries/{uuid.uuid4()}").json()["detail"]
    english = tenant.api.client.get(f"/api/v1/entries/{uuid.uuid4()}", headers={"Accept-Language": "en"}).json()[
        "detail"
    ]

    assert english == "There is nothing at this address. Please check the id."
    assert japanese != english
    assert any("\u3040" <= letter <= "\u30ff" for letter in japanese)


def test_only_json_is_answered(tenant):
    answer = tenant.api.client.get("/api/v1/me", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_answers_are_kept_by_nobody(tenant):
    assert tenant.api.get("/me")["Cache-Control"] == "no-store"
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("path", ["/me", "/nothing"])
def test_an_answer_that_a_browser_shows_as_a_page_loads_nothing(tenant, path):
    assert tenant.api.get(path)["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_a_limit_is_told_in_the_language_of_each_caller(tenant):
    body = sale("X" * 16) | {"pos_transaction_id": "9" * 65}

    def told(language: str) -> str:
        headers = {"Accept-Language": language, "Idempotency-Key": uuid.uuid4().hex}
        answer = tenant.api.client.post("/api/v1/redemptions", json.dumps(body), content_type=JSON, headers=headers)
        assert answer.status_code == 400
        return answer.json()["errors"][0]["detail"]

    first, other, again = told("ja"), told("en"), told("ja")

    assert first == again == "この項目が64文字より長くならないようにしてください。"
    assert other == "Ensure this field has no more than 64 characters."
