"""The step of the contact, and the mailed links: to confirm an address, to go on with an entry elsewhere."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import DomainError
from distribution.models import DeliveryKind
from distribution.services import queue_message
from participants.links import entry_by_resume_token, identity_by_verify_token
from participants.models import Entry, IdentityKind
from participants.selectors import pending_email, reachable_identity
from participants.services import give_email, verify_identity
from participants.services.entries import EDITABLE
from portal.attempts import spend_guess
from portal.forms import EmailForm
from portal.refusals import private
from portal.session import own_entry, remember, visitor_of
from portal.steps import has_identity, next_step
from portal.views.entry import step_context

MAILS = 5  # messages that one browser, or one entry, may have sent within ten minutes


@require_http_methods(["GET", "HEAD", "POST"])
@private
def contact_step(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a mail address and send the link that confirms it; LINE is offered where it is set up."""
    entry = own_entry(request, public_id)
    if entry.status not in EDITABLE:
        return redirect("portal:entry", public_id=public_id)
    if request.method != "POST":
        return _contact_page(request, entry, EmailForm())
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _contact_page(request, entry, form, status=422)
    try:
        _take_address(request, entry, form.cleaned_data["email"])
    except DomainError as refusal:
        form.refuse("email", refusal)
        return _contact_page(request, entry, form, status=refusal.status)
    return redirect("portal:step", public_id=public_id, name=next_step(entry, after="contact"))


@require_safe
@private
def login_step(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Ask for a login at LINE or X, where a rule needs it."""
    entry = own_entry(request, public_id)
    if entry.status not in EDITABLE:
        return redirect("portal:entry", public_id=public_id)
    is_set_up = settings.LINE_LOGIN_CHANNEL_ID if name == "line" else settings.X_CLIENT_ID
    context = step_context(entry, name) | {
        "is_set_up": bool(is_set_up),
        "is_done": has_identity(entry, IdentityKind(name)),
        "following": next_step(entry, after=name),
    }
    return render(request, "portal/steps/login.html", context)


@require_POST
@private
def send_again(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send the link that confirms the address once more, to another address if one is typed."""
    entry = own_entry(request, public_id)
    typed = request.POST.get("email", "").strip()
    if typed:
        _take_address(request, entry, typed)
    else:
        _spend_mail(request, entry)
        queue_message(kind=DeliveryKind.VERIFY_EMAIL, entry_id=entry.pk, now=clock.now())
    return redirect(f"/e/{public_id}/?sent=1")


@require_http_methods(["GET", "HEAD", "POST"])
@private
def continue_elsewhere(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Mail the link by which the entry goes on, on any device."""
    entry = own_entry(request, public_id)
    known = pending_email(entry.participant_id)
    form = EmailForm(request.POST if request.method == "POST" else None)
    context = {
        "entry": entry,
        "campaign": entry.campaign,
        "sponsor": entry.campaign.sponsor,
        "known": known,
        "form": form,
    }
    if request.method != "POST":
        return render(request, "portal/continue.html", context)
    try:
        _spend_mail(request, entry)
        if known is None or request.POST.get("email"):
            give_email(entry_id=entry.pk, email=request.POST.get("email", ""), now=clock.now())
        _mail_a_way_back(entry)
    except DomainError as refusal:
        form.is_valid()
        form.errors["email"] = form.error_class([str(refusal)])
        form.focus_first_wrong()
        status = refusal.status
        return render(request, "portal/continue.html", context, status=status)
    return render(request, "portal/continue.html", context | {"is_sent": True})


@require_http_methods(["GET", "HEAD", "POST"])
@private
def resume(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button, and only by its press let this browser go on with the entry: scanners follow links, too."""
    entry = entry_by_resume_token(token)
    if request.method != "POST":
        context = {"campaign": entry.campaign, "sponsor": entry.campaign.sponsor}
        return render(request, "portal/resume.html", context)
    response = redirect("portal:entry", public_id=entry.public_id)
    return remember(response, visitor_of(request).with_entry(entry))


@require_http_methods(["GET", "HEAD", "POST"])
@private
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button, and only by its press confirm the address."""
    identity, entry = identity_by_verify_token(token)
    if request.method != "POST":
        context = {
            "campaign": entry.campaign,
            "sponsor": entry.campaign.sponsor,
            "identity": identity,
        }
        return render(request, "portal/verify.html", context)
    person = verify_identity(identity_id=identity.pk, now=clock.now())
    visitor = visitor_of(request).with_entry(entry).with_person(person)
    return remember(redirect("portal:entry", public_id=entry.public_id), visitor)


def _take_address(request: HttpRequest, entry: Entry, email: str) -> None:
    """Keep the address; unless it is confirmed already, mail the link that confirms it."""
    now = clock.now()
    _spend_mail(request, entry)
    identity = give_email(entry_id=entry.pk, email=email, now=now)
    if identity.verified_at is None:
        queue_message(kind=DeliveryKind.VERIFY_EMAIL, entry_id=entry.pk, now=now)


def _mail_a_way_back(entry: Entry) -> None:
    """Links to go on are for confirmed contacts; to another address goes the link that confirms it and leads on."""
    now = clock.now()
    if queue_message(kind=DeliveryKind.RESUME, entry_id=entry.pk, now=now) is None:
        queue_message(kind=DeliveryKind.VERIFY_EMAIL, entry_id=entry.pk, now=now)


def _spend_mail(request: HttpRequest, entry: Entry) -> None:
    subject, now = str(entry.public_id), clock.now()
    spend_guess(request, "mail", limit=MAILS, subject=subject, now=now)


def _contact_page(request: HttpRequest, entry: Entry, form: EmailForm, *, status: int = 200) -> HttpResponse:
    context = step_context(entry, "contact") | {
        "form": form.focus_first_wrong(),
        "known": pending_email(entry.participant_id),
        "is_reachable": reachable_identity(entry.participant_id) is not None,
        "has_line": has_identity(entry, IdentityKind.LINE),
        "line_is_offered": bool(settings.LINE_LOGIN_CHANNEL_ID),
        "following": "confirm",
    }
    return render(request, "portal/steps/contact.html", context, status=status)
