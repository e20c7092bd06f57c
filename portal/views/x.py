"""X: login that proves an account and whether it follows the brand; off unless a client opts in."""

from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from campaigns.models import EntryRule, RuleKind
from core import clock
from core.clients.x import XClient, XConnection, XRefused, XUnavailable
from participants.models import Entry
from participants.services import attach_x
from portal import oauth
from portal.refusals import private
from portal.session import own_entry

log = structlog.get_logger(__name__)


@require_safe
@private
def login(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lead to X's own login."""
    entry = own_entry(request, public_id)
    attempt = oauth.begin(str(entry.public_id))
    address = _x().authorize_url(
        redirect_uri=_callback_address(),
        state=attempt.state,
        code_verifier=attempt.code_verifier,
    )
    return oauth.keep(redirect(address), "x", attempt)


@require_safe
@private
def callback(request: HttpRequest) -> HttpResponse:
    """Take the answer of X and ask, at this moment, whether the account follows the brand."""
    attempt = oauth.come_back(request, "x")
    if attempt is None:
        return oauth.login_failed(request, None, provider="X", status=400)
    entry = own_entry(request, UUID(attempt.entry))
    if "code" not in request.GET:
        return oauth.forget(redirect("portal:entry", public_id=entry.public_id), "x")
    try:
        user_id, facts = _account(request.GET["code"], attempt, entry)
    except XRefused as refusal:
        log.warning("x_login_refused", reason=refusal.reason)
        return oauth.login_failed(request, entry, provider="X", status=400)
    except XUnavailable:
        return oauth.login_failed(request, entry, provider="X", status=503)
    attach_x(entry_id=entry.pk, x_user_id=user_id, facts=facts, now=clock.now())
    return oauth.forget(redirect("portal:entry", public_id=entry.public_id), "x")


def _account(code: str, attempt: oauth.LoginAttempt, entry: Entry) -> tuple[str, dict[str, Any]]:
    x = _x()
    token = x.exchange_code(
        code=code,
        redirect_uri=_callback_address(),
        code_verifier=attempt.code_verifier,
    )
    account = x.me(token)
    connection = x.connection_status(token, _brand_id(entry))
    return account.id, {
        "follows": connection == XConnection.FOLLOWING,
        "is_protected": account.is_protected,
    }


def _brand_id(entry: Entry) -> str:
    rule = EntryRule.objects.filter(group__campaign=entry.campaign, kind=RuleKind.X_FOLLOW).first()
    if rule is None:
        raise Http404
    return str(rule.parameters["account_id"])


def _x() -> XClient:
    if not settings.X_CLIENT_ID:
        raise Http404
    return XClient(
        client_id=settings.X_CLIENT_ID,
        client_secret=settings.X_CLIENT_SECRET,
        api_base=settings.X_API_BASE,
        authorize_base=settings.X_AUTHORIZE_BASE,
    )


def _callback_address() -> str:
    return f"{settings.PUBLIC_URL}/x/callback/"
