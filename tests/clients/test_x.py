from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from core.clients.pkce import new_code_verifier
from core.clients.x import XClient, XConnection, XRefused, XUnavailable
from tests.contracts.contract import Answer
from tests.contracts.server import LOST_CALL, Fault
from tests.contracts.x_server import XAccount, XServer

BRAND, POST = "7000", "1780000000000000001"
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
CALLBACK = "https://campaign.example/x/callback"


def client_of(server: XServer, generation: Literal["post", "tweet"] = "post") -> XClient:
    server.generation = generation
    server.contract.tolerated_query = {"tweet.fields"} if generation == "tweet" else set()
    return XClient(
        client_id=server.client_id,
        client_secret=server.client_secret,
        api_base=server.url,
        authorize_base=server.url,
        generation=generation,
    )


@pytest.fixture
def person(x_server: XServer) -> XAccount:
    x_server.add(XAccount(BRAND, "brand"))
    return x_server.add(XAccount("4000", "hanako"))


@pytest.fixture
def token(x_server: XServer, person: XAccount) -> str:
    return x_server.log_in(person.id)


@pytest.fixture
def x(x_server: XServer) -> XClient:
    return client_of(x_server)


def test_a_login_with_pkce_tells_who_it_is(x: XClient, x_server: XServer, person: XAccount) -> None:
    x_server.person, verifier = person.id, new_code_verifier()
    url = x.authorize_url(redirect_uri=CALLBACK, state="s1", code_verifier=verifier)
    back = dict(parse_qsl(urlsplit(requests.get(url, allow_redirects=False, timeout=5).headers["Location"]).query))
    assert back["state"] == "s1"
    access_token = x.exchange_code(code=back["code"], redirect_uri=CALLBACK, code_verifier=verifier)
    me = x.me(access_token)
    assert (me.id, me.username, me.is_protected) == ("4000", "hanako", False)
    assert dict(parse_qsl(urlsplit(url).query))["scope"] == "users.read tweet.read follows.read"
    with pytest.raises(XRefused):
        x.exchange_code(code=back["code"], redirect_uri=CALLBACK, code_verifier=verifier)


def test_a_wrong_verifier_is_refused(x: XClient, x_server: XServer, person: XAccount) -> None:
    x_server.person = person.id
    url = x.authorize_url(redirect_uri=CALLBACK, state="s1", code_verifier=new_code_verifier())
    back = dict(parse_qsl(urlsplit(requests.get(url, allow_redirects=False, timeout=5).headers["Location"]).query))
    with pytest.raises(XRefused):
        x.exchange_code(code=back["code"], redirect_uri=CALLBACK, code_verifier=new_code_verifier())


def test_a_follow_is_seen_pending_or_missing(x: XClient, person: XAccount, token: str) -> None:
    assert x.connection_status(token, BRAND) is XConnection.NOT_FOLLOWING
    person.asked_to_follow.add(BRAND)
    assert x.connection_status(token, BRAND) is XConnection.REQUESTED
    person.follows.add(BRAND)
    assert x.connection_status(token, BRAND) is XConnection.FOLLOWING


@pytest.mark.parametrize("generation", ["post", "tweet"])
def test_a_repost_is_found_under_both_generations_of_names(
    x_server: XServer, person: XAccount, token: str, generation: Literal["post", "tweet"]
) -> None:
    x = client_of(x_server, generation)
    person.reposts.append(("1", SINCE))
    assert x.has_reposted(token, user_id=person.id, post_id=POST, since=SINCE) is False
    person.reposts.append((POST, SINCE))
    assert x.has_reposted(token, user_id=person.id, post_id=POST, since=SINCE) is True
    assert x.has_reposted(token, user_id=person.id, post_id=POST, since=SINCE + timedelta(seconds=1)) is False


def test_a_repost_is_found_on_a_later_page_but_not_without_end(
    x: XClient, x_server: XServer, person: XAccount, token: str
) -> None:
    person.reposts = [("1", SINCE)] * 250 + [(POST, SINCE)]
    assert x.has_reposted(token, user_id=person.id, post_id=POST, since=SINCE) is True
    assert [c.query.get("pagination_token") for c in x_server.calls] == [None, "100", "200"]
    x_server.calls.clear()
    person.reposts = [("1", SINCE)] * 600 + [(POST, SINCE)]
    assert x.has_reposted(token, user_id=person.id, post_id=POST, since=SINCE) is False
    assert len(x_server.calls) == 5


def test_a_timeline_without_posts_has_no_repost(x: XClient, person: XAccount, token: str) -> None:
    assert x.has_reposted(token, user_id=person.id, post_id=POST, since=SINCE) is False


def test_a_protected_account_is_told(x: XClient, person: XAccount, token: str) -> None:
    person.is_protected = True
    assert x.me(token).is_protected is True


def test_another_persons_protected_timeline_is_refused_with_its_reason(
    x: XClient, x_server: XServer, token: str
) -> None:
    x_server.add(XAccount("4001", "taro", is_protected=True))
    with pytest.raises(XRefused, match="account_protected"):
        x.has_reposted(token, user_id="4001", post_id=POST, since=SINCE)


def test_a_suspended_person_is_refused_with_its_reason(x: XClient, person: XAccount, token: str) -> None:
    person.is_suspended = True
    with pytest.raises(XRefused, match="account_suspended"):
        x.me(token)


def test_a_suspended_or_missing_brand_is_not_the_entrants_fault(x: XClient, x_server: XServer, token: str) -> None:
    x_server.accounts[BRAND].is_suspended = True
    with pytest.raises(XRefused, match="account_suspended"):
        x.connection_status(token, BRAND)
    with pytest.raises(XRefused, match="account_missing"):
        x.connection_status(token, "9999")


def test_an_expired_token_is_told(x: XClient) -> None:
    with pytest.raises(XRefused, match="token_expired"):
        x.me("expired")


def test_a_reached_limit_says_how_long_to_wait(x: XClient, x_server: XServer, token: str) -> None:
    x_server.rate_limit_resets_at = int(datetime.now(UTC).timestamp()) + 600
    with pytest.raises(XUnavailable) as error:
        x.me(token)
    assert error.value.retry_after_seconds in range(590, 601)


@pytest.mark.parametrize("answer", [Answer(500, {}), Answer(200, None), Answer(200, []), Answer(200, {})])
def test_no_usable_answer_says_nothing_about_the_person(
    x: XClient, x_server: XServer, token: str, answer: Answer
) -> None:
    x_server.faults.append(Fault(is_handled=False, answer=answer))
    with pytest.raises(XUnavailable):
        x.me(token)


def test_a_read_survives_one_lost_connection(x: XClient, x_server: XServer, token: str) -> None:
    x_server.faults.append(LOST_CALL)
    assert x.me(token).id == "4000"


@pytest.mark.parametrize("number", ["me", "1/../2", "", "1?x=1"])
def test_an_id_is_a_number_and_cannot_change_the_path(x: XClient, x_server: XServer, token: str, number: Any) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        x.connection_status(token, number)
    assert x_server.calls == []


def test_secrets_stay_out_of_reprs(x: XClient) -> None:
    assert "x-secret" not in repr(x)


def test_the_fake_itself_is_judged(x: XClient, x_server: XServer, token: str, person: XAccount) -> None:
    person.username = 1  # type: ignore[assignment]
    with pytest.raises(XUnavailable):
        x.me(token)
    assert x_server.violations[0].startswith("answer: InvalidData")
    x_server.violations.clear()
    headers = {"Authorization": f"Bearer {token}"}
    for query in ("user.fields=nope", "tweet.fields=created_at"):
        assert requests.get(f"{x_server.url}/2/users/me?{query}", headers=headers, timeout=5).status_code == 400
    assert len(x_server.violations) == 2
    x_server.violations.clear()
