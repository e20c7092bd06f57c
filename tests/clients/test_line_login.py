import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from joserfc.jwk import ECKey, OctKey

from core.clients import line_login
from core.clients.line_login import LineLogin, LineLoginRefused, LineLoginUnavailable, LineTokens
from core.clients.pkce import code_challenge, new_code_verifier
from tests.contracts.contract import Answer
from tests.contracts.line_server import LineServer
from tests.contracts.server import LOST_CALL, Fault

ME = "U" + "1" * 32
NONCE = "nonce-of-this-browser"
CALLBACK = "https://campaign.example/line/callback"
VERIFIER = new_code_verifier()


@pytest.fixture
def login(line_server: LineServer, monkeypatch: pytest.MonkeyPatch) -> LineLogin:
    monkeypatch.setattr(line_login, "_public_keys", {})
    line_server.person = ME
    return LineLogin(
        channel_id=line_server.channel_id,
        channel_secret=line_server.channel_secret,
        login_base=line_server.url,
        api_base=line_server.url,
    )


def consented(login: LineLogin, **options: Any) -> dict[str, str]:
    """Let the person consent and give what comes back to our callback."""
    url = login.authorize_url(redirect_uri=CALLBACK, state="s1", nonce=NONCE, code_verifier=VERIFIER, **options)
    answer = requests.get(url, allow_redirects=False, timeout=5)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def test_pkce_is_that_of_the_standards_example() -> None:
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
    assert len(VERIFIER) == 43
    assert new_code_verifier() != VERIFIER


def test_the_address_of_the_login_says_all_that_line_asks_for(login: LineLogin) -> None:
    url = login.authorize_url(
        redirect_uri=CALLBACK, state="s 1", nonce=NONCE, code_verifier=VERIFIER, bot_prompt="aggressive"
    )
    assert url.startswith(f"{login.login_base}/oauth2/v2.1/authorize?")
    assert parse_qs(urlsplit(url).query) == {
        "response_type": ["code"],
        "client_id": [login.channel_id],
        "redirect_uri": [CALLBACK],
        "state": ["s 1"],
        "scope": ["profile openid"],
        "nonce": [NONCE],
        "code_challenge": [code_challenge(VERIFIER)],
        "code_challenge_method": ["S256"],
        "bot_prompt": ["aggressive"],
    }
    assert VERIFIER not in url


def test_a_login_gives_an_identity_and_the_friend_check(login: LineLogin, line_server: LineServer) -> None:
    back = consented(login)
    assert back["state"] == "s1"
    tokens = login.exchange_code(code=back["code"], redirect_uri=CALLBACK, code_verifier=VERIFIER)
    identity = login.verify_id_token(tokens.id_token, now=line_server.now, nonce=NONCE)
    assert (identity.user_id, identity.name) == (ME, "水引 花子")
    assert login.friendship(tokens.access_token) is False
    line_server.friends.add(ME)
    assert login.friendship(tokens.access_token) is True
    line_server.blocked.add(ME)
    assert login.friendship(tokens.access_token) is False


def test_the_friend_screen_of_the_login_can_make_a_friend(login: LineLogin) -> None:
    code = consented(login, bot_prompt="aggressive")["code"]
    tokens = login.exchange_code(code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER)
    assert login.friendship(tokens.access_token) is True


def test_secrets_and_persons_stay_out_of_reprs(login: LineLogin, line_server: LineServer) -> None:
    tokens = LineTokens(access_token="at-secret", id_token="it-secret")
    identity = login.verify_id_token(line_server.id_token(ME, nonce=NONCE), now=line_server.now, nonce=NONCE)
    shown = repr(login) + repr(tokens) + repr(identity)
    assert not [secret for secret in (login.channel_secret, "at-secret", "it-secret", ME) if secret in shown]


@pytest.mark.parametrize(
    "wrong",
    [{"code_verifier": new_code_verifier()}, {"redirect_uri": "https://thief.example/"}, {"code": "invented"}],
)
def test_a_code_is_worth_nothing_with_a_wrong_verifier_redirect_or_name(
    login: LineLogin, wrong: dict[str, str]
) -> None:
    proper = {"code": consented(login)["code"], "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    with pytest.raises(LineLoginRefused) as refusal:
        login.exchange_code(**{**proper, **wrong})
    assert refusal.value.reason == "invalid_grant"


def test_a_code_works_once(login: LineLogin) -> None:
    code = consented(login)["code"]
    login.exchange_code(code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER)
    with pytest.raises(LineLoginRefused):
        login.exchange_code(code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER)


def test_a_person_who_declines_comes_back_without_a_code(login: LineLogin, line_server: LineServer) -> None:
    line_server.person = ""
    assert consented(login) == {"error": "access_denied", "state": "s1"}


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "1659999999"},  # another channel's
        {"aud": ["1659999999"]},
        {"aud": None},
        {"iss": "https://access.line.me.thief.example"},
        {"iss": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"nonce": "of-another-browser"},
        {"nonce": None},
        {"sub": ""},
        {"sub": None},
    ],
    ids=str,
)
def test_T24_a_token_with_one_wrong_claim_is_refused(
    login: LineLogin, line_server: LineServer, claims: dict[str, Any]
) -> None:
    token = line_server.id_token(ME, **{"nonce": NONCE, **claims})
    with pytest.raises(LineLoginRefused):
        login.verify_id_token(token, now=line_server.now, nonce=NONCE)


def test_T24_a_token_lives_until_its_minute_of_leeway_ends(login: LineLogin, line_server: LineServer) -> None:
    token = line_server.id_token(ME, nonce=NONCE)
    end = line_server.now.replace(microsecond=0) + timedelta(hours=1, seconds=59)
    assert login.verify_id_token(token, now=end, nonce=NONCE).user_id == ME
    with pytest.raises(LineLoginRefused) as refusal:
        login.verify_id_token(token, now=end + timedelta(seconds=1), nonce=NONCE)
    assert refusal.value.reason == "expired_token"


def test_T24_a_forged_token_is_refused(login: LineLogin, line_server: LineServer) -> None:
    forged = line_server.id_token(ME, nonce=NONCE, key=OctKey.import_key("guess" * 8))
    for token in (forged, "", "a.b.c", "not a token", forged[:-4], line_server.id_token(ME, nonce=NONCE) + "A"):
        with pytest.raises(LineLoginRefused):
            login.verify_id_token(token, now=line_server.now, nonce=NONCE)


def signed_by_hand(header: dict[str, str], payload: str, key: bytes) -> str:
    """Make a token that a careful library refuses to make."""
    signing_input = f"{base64url(json.dumps(header).encode())}.{payload}"
    return f"{signing_input}.{base64url(hmac.digest(key, signing_input.encode(), 'sha256'))}"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_T24_the_algorithm_is_ours_to_choose_not_the_tokens(login: LineLogin, line_server: LineServer) -> None:
    by_page = line_server.id_token(ME, algorithm="ES256", nonce=NONCE)
    by_secret = line_server.id_token(ME, nonce=NONCE)
    payload = by_secret.split(".")[1]
    public = line_server.signing_key.as_pem(private=False)
    by_public_key = signed_by_hand({"alg": "HS256", "kid": "line-1"}, payload, public)  # the classic confusion
    unsigned = signed_by_hand({"alg": "none"}, payload, b"").rpartition(".")[0] + "."
    for token in (by_page, unsigned, by_public_key):
        with pytest.raises(LineLoginRefused):
            login.verify_id_token(token, now=line_server.now, nonce=NONCE)
    for token in (by_secret, unsigned, by_public_key):
        with pytest.raises(LineLoginRefused):
            login.verify_id_token(token, now=line_server.now, nonce=None, issued_to="liff")


def test_a_web_login_without_a_nonce_is_not_checked_at_all(login: LineLogin, line_server: LineServer) -> None:
    with pytest.raises(LineLoginRefused, match="nonce_missing"):
        login.verify_id_token(line_server.id_token(ME), now=line_server.now, nonce=None)


def test_a_liff_token_is_checked_by_lines_public_key_fetched_once(login: LineLogin, line_server: LineServer) -> None:
    token = line_server.id_token(ME, algorithm="ES256")
    for _ in range(3):
        assert login.verify_id_token(token, now=line_server.now, nonce=None, issued_to="liff").user_id == ME
    assert [call.path for call in line_server.calls] == ["/oauth2/v2.1/certs"]


def test_a_new_key_of_line_is_found_but_bad_tokens_do_not_hammer(login: LineLogin, line_server: LineServer) -> None:
    at = line_server.now
    login.verify_id_token(line_server.id_token(ME, algorithm="ES256"), now=at, nonce=None, issued_to="liff")
    line_server.signing_key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": "line-1"})
    token = line_server.id_token(ME, algorithm="ES256")
    with pytest.raises(LineLoginRefused):
        login.verify_id_token(token, now=at + timedelta(seconds=59), nonce=None, issued_to="liff")
    assert len(line_server.calls) == 1
    later = at + timedelta(seconds=60)
    assert login.verify_id_token(token, now=later, nonce=None, issued_to="liff").user_id == ME
    assert len(line_server.calls) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault(False, Answer(429, {"message": "slow down"}, {"Retry-After": "12"})),
        Fault(False, Answer(500, {})),
        Fault(False, Answer(200, None)),
        Fault(False, Answer(200, {"friendFlag": "yes"})),
    ],
)
def test_no_usable_answer_says_nothing_about_friendship(
    login: LineLogin, line_server: LineServer, fault: Fault
) -> None:
    line_server.faults.append(fault)
    with pytest.raises(LineLoginUnavailable) as error:
        login.friendship("token")
    assert error.value.retry_after_seconds in (12, None)


def test_a_read_is_tried_twice_and_a_code_once(login: LineLogin, line_server: LineServer) -> None:
    line_server.user_tokens["t"] = ME
    line_server.faults.append(LOST_CALL)
    assert login.friendship("t") is False
    line_server.faults.append(LOST_CALL)
    with pytest.raises(LineLoginUnavailable):
        login.exchange_code(code="c", redirect_uri=CALLBACK, code_verifier=VERIFIER)
    assert len(line_server.calls) == 3


def test_a_revoked_user_token_is_refused(login: LineLogin) -> None:
    with pytest.raises(LineLoginRefused):
        login.friendship("revoked")


def test_lines_own_name_is_fixed_whatever_the_host(login: LineLogin, line_server: LineServer) -> None:
    token = line_server.id_token(ME, nonce=NONCE, iss=line_server.url)
    with pytest.raises(LineLoginRefused):
        login.verify_id_token(token, now=datetime.now(UTC), nonce=NONCE)
