"""LINE: login that proves an account, and the webhook that tells of new friends and blocks."""

from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Agency
from codes.errors import LineProofNeeded
from codes.links import claim_token
from codes.models import Award
from core import clock
from core.clients.line_login import LineLogin, LineLoginRefused, LineLoginUnavailable
from core.clients.line_webhook import (
    FollowEvent,
    LineEvent,
    UnfollowEvent,
    UnreadableWebhook,
    parse_webhook,
    verify_signature,
)
from eligibility.errors import TooManyAttempts
from eligibility.services import spend_attempt
from participants.models import Identity, IdentityKind
from participants.selectors import identity_indexes, line_account_of
from participants.services import attach_line, mark_line_friend
from portal import oauth
from portal.attempts import short
from portal.claiming import award_behind
from portal.holder import Proof, keep_proof
from portal.refusals import private, refusal_page
from portal.session import own_entry, remember, visitor_of

log = structlog.get_logger(__name__)
EVENT_KEPT_SECONDS = 30 * 24 * 3600  # LINE sends an event again within days, never after a month


@require_safe
@private
def login(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lead to LINE's own login."""
    entry = own_entry(request, public_id)
    return _to_line(oauth.begin(str(entry.public_id)))


@require_safe
@private
def claim_login(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to LINE's own login, to prove that a prize is opened by its winner."""
    award = award_behind(token)
    return _to_line(oauth.begin(str(award.entry.public_id), award_public_id=str(award.public_id)))


def _to_line(attempt: oauth.LoginAttempt) -> HttpResponse:
    address = _line().authorize_url(
        redirect_uri=_callback_address(),
        state=attempt.state,
        nonce=attempt.nonce,
        code_verifier=attempt.code_verifier,
        bot_prompt="aggressive",
    )
    return oauth.keep(redirect(address), "line", attempt)


@require_safe
@private
def callback(request: HttpRequest) -> HttpResponse:
    """Take the answer of LINE; the account is believed only after the id token was checked on this side (T24)."""
    attempt = oauth.come_back(request, "line")
    if attempt is None:
        return oauth.login_failed(request, None, provider="LINE", status=400)
    if attempt.award:
        return oauth.forget(_prove_winner(request, attempt), "line")
    entry = own_entry(request, UUID(attempt.entry))
    if "code" not in request.GET:  # the person pressed "cancel" at LINE
        return oauth.forget(redirect("portal:entry", public_id=entry.public_id), "line")
    now = clock.now()
    try:
        user_id, is_friend = _account(request.GET["code"], attempt, now)
    except LineLoginRefused as refusal:
        log.warning("line_login_refused", reason=refusal.reason)
        return oauth.login_failed(request, entry, provider="LINE", status=400)
    except LineLoginUnavailable:
        return oauth.login_failed(request, entry, provider="LINE", status=503)
    identity = attach_line(entry_id=entry.pk, line_user_id=user_id, is_friend=is_friend, now=now)
    response = redirect("portal:entry", public_id=entry.public_id)
    visitor = visitor_of(request).with_entry(entry).with_person(identity.participant)
    return oauth.forget(remember(response, visitor), "line")


def _prove_winner(request: HttpRequest, attempt: oauth.LoginAttempt) -> HttpResponse:
    """Go back to the prize, with a proof if the account is the one that the winner entered with."""
    award = get_object_or_404(Award.objects.select_related("entry"), public_id=UUID(attempt.award))
    back = redirect("portal:claim", token=claim_token(award.public_id))
    if "code" not in request.GET:
        return back
    try:
        user_id, _is_friend = _account(request.GET["code"], attempt, clock.now())
    except LineLoginRefused as refusal:
        log.warning("line_login_refused", reason=refusal.reason)
        return oauth.login_failed(request, None, provider="LINE", status=400, prize=back["Location"])
    except LineLoginUnavailable:
        return oauth.login_failed(request, None, provider="LINE", status=503, prize=back["Location"])
    account = line_account_of(award.entry.participant_id, user_id)
    if account is None:
        return refusal_page(request, LineProofNeeded(), prize=back["Location"])
    return keep_proof(back, award, Proof(identity_id=account.pk))


@csrf_exempt  # LINE's servers sign the body instead
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Take events of LINE: signed by our channel's secret, each handled once; unknown kinds are fine."""
    signature = request.headers.get("x-line-signature", "")
    if not verify_signature(request.body, signature, settings.LINE_CHANNEL_SECRET):
        return HttpResponse(status=401)
    try:
        events = parse_webhook(request.body).events
    except UnreadableWebhook:
        return HttpResponse(status=400)
    for event in events:
        if isinstance(event, FollowEvent | UnfollowEvent) and event.user_id:
            _note_friendship(event, event.user_id)
    return HttpResponse(status=200)


def _note_friendship(event: LineEvent, user_id: str) -> None:
    """Keep the newest word on a friendship: a redelivered event may be older than what is known."""
    try:  # a budget of one, kept by the database, is what makes an event count once
        spend_attempt(
            scope=f"line-event:{short(event.event_id)}",
            limit=1,
            window_seconds=EVENT_KEPT_SECONDS,
            now=clock.now(),
        )
    except TooManyAttempts:
        return
    for agency in Agency.objects.all():
        if not _knows_better(agency.pk, user_id, event.occurred_at):
            mark_line_friend(
                agency_id=agency.pk,
                line_user_id=user_id,
                is_friend=isinstance(event, FollowEvent),
                now=event.occurred_at,
            )


def _knows_better(agency_id: int, user_id: str, occurred_at: datetime) -> bool:
    indexes = identity_indexes(agency_id=agency_id, kind=IdentityKind.LINE, value=user_id)
    known = Identity.objects.filter(agency_id=agency_id, kind=IdentityKind.LINE, value_index__in=indexes)
    facts = known.values_list("facts", flat=True)
    checked = [f["checked_at"] for f in facts if f.get("checked_at")]
    return any(datetime.fromisoformat(at) > occurred_at for at in checked)


def _account(code: str, attempt: oauth.LoginAttempt, now: datetime) -> tuple[str, bool]:
    line = _line()
    tokens = line.exchange_code(
        code=code,
        redirect_uri=_callback_address(),
        code_verifier=attempt.code_verifier,
    )
    account = line.verify_id_token(tokens.id_token, now=now, nonce=attempt.nonce)
    return account.user_id, line.friendship(tokens.access_token)


def _line() -> LineLogin:
    if not settings.LINE_LOGIN_CHANNEL_ID:
        raise Http404
    return LineLogin(
        channel_id=settings.LINE_LOGIN_CHANNEL_ID,
        channel_secret=settings.LINE_LOGIN_CHANNEL_SECRET,
        login_base=settings.LINE_LOGIN_BASE,
        api_base=settings.LINE_API_BASE,
    )


def _callback_address() -> str:
    return f"{settings.PUBLIC_URL}/line/callback/"
