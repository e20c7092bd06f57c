"""One code, shown to a person who gives a reason and his own password again."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts.desk import Question
from accounts.desk.tenancy import signed_in
from codes.admin.forms import ReasonForm
from codes.models import CodeStatus, GiftCode
from codes.reveal_quota import reveals_today
from codes.selectors import RevealedCode
from codes.services.desk_revealing import reveal_to_desk
from core import clock
from core.errors import DomainError


class RevealForm(ReasonForm):
    """The reason stands in the trail; the password shows that it is still the same person at this desk."""

    password = forms.CharField(
        label=_("your password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        self._request = request

    def clean_password(self) -> str:
        user = signed_in(self._request)
        password: str = self.cleaned_data["password"]
        known = authenticate(self._request, username=user.get_username(), password=password)
        if known is None or known.pk != user.pk:
            raise forms.ValidationError(_("This is not your password."), code="password_wrong")
        return password


class RevealMixin:
    """Adds the button 「コードを表示」 to the page of a code; to stand before the admin class, with `reveal` in
    its `actions_detail`.
    """

    def has_reveal_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "reveal", object_id):
            return False
        given = [CodeStatus.ISSUED, CodeStatus.PRINTED]
        return GiftCode.objects.filter(pk=object_id or 0, status__in=given).exists()

    @action(description=_("Show this code"), url_path="reveal", icon="visibility", permissions=["reveal"])
    def reveal(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        gift_code: GiftCode = self.row_or_404(request, object_id, "reveal")
        form = RevealForm(request)
        response = (
            self._revealed(request, gift_code, form.cleaned_data["reason"])
            if form.is_valid()
            else self.ask(request, _question(request, gift_code, form), gift_code)
        )
        response["Cache-Control"] = "no-store"
        return response

    def _revealed(self: Any, request: HttpRequest, gift_code: GiftCode, reason: str) -> HttpResponse:
        try:
            revealed = reveal_to_desk(
                gift_code_id=gift_code.pk, actor_id=signed_in(request).pk, reason=reason, now=clock.now()
            )
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(self.page_of(gift_code))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Code"),
            "original": gift_code,
            "shown": [(label, text) for label, text in _parts(revealed) if text],
            "back_url": self.page_of(gift_code),
        }
        return TemplateResponse(request, "admin/codes/revealed.html", context)


def _parts(revealed: RevealedCode) -> list[tuple[Any, str]]:
    """Give the parts of a code with their names; a link that is the code as well is shown once."""
    code = "" if revealed.code == revealed.url else revealed.code
    return [
        (_("code"), code),
        (_("card number"), revealed.number),
        (_("PIN"), revealed.pin),
        (_("link"), revealed.url),
    ]


def _question(request: HttpRequest, gift_code: GiftCode, form: RevealForm) -> Question:
    left = max(0, settings.REVEALS_A_DAY - reveals_today(actor_id=signed_in(request).pk, now=clock.now()))
    return Question(
        title=_("Show this code?"),
        button=_("Show this code"),
        sentences=[
            _("Your name, the reason and the time are written into the audit trail before the code is shown."),
            _("After that the prize can no longer be replaced by another code."),
        ],
        figures=[(_("prize"), gift_code.prize.name), (_("codes you may still be shown today"), f"{left:,}")],
        form=form,
        is_grave=True,
    )
