"""The card of one code at its supplier, taken back on an operator's word after he has read what that means."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.desk import Question, attempt, yen
from codes import services
from codes.admin.forms import ReasonForm
from codes.models import SupplierCard, SupplierCardStatus
from codes.services import CancelPreview
from core import clock
from core.errors import DomainError
from core.japanese import format_datetime


class SupplierCardMixin:
    """Adds 「発行元で取り消す」 to the page of a code; to stand before the admin class."""

    def has_cancel_card_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        there = [SupplierCardStatus.MADE, SupplierCardStatus.REFUSED]
        return bool(
            SupplierCard.objects.filter(gift_code__pk=object_id or 0, status__in=there).exclude(card_id="").exists()
        )

    @action(
        description=_("Cancel at the supplier"),
        url_path="cancel-card",
        icon="undo",
        permissions=["cancel_card"],
    )
    def cancel_card(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        gift_code = self.row_or_404(request, object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            attempt(
                request,
                lambda: services.cancel_card(
                    gift_code_id=gift_code.pk,
                    reason=form.cleaned_data["reason"],
                    now=clock.now(),
                    actor_id=request.user.pk,
                ),
                _("The supplier has taken the card back; the code is blocked. Now replace it or withdraw the award."),
            )
            return redirect(self.page_of(gift_code))
        return self.ask(request, _question(gift_code, form), gift_code)


def _question(gift_code: Any, form: ReasonForm) -> Question:
    figures, obstacles = [(_("prize"), gift_code.prize.name)], []
    try:
        preview = services.preview_cancellation(gift_code_id=gift_code.pk, now=clock.now())
        figures += _figures(preview)
        obstacles += [str(preview.obstacle)] if preview.obstacle else []
    except DomainError as refusal:
        obstacles.append(str(refusal))
    return Question(
        title=_("Cancel this code at the supplier?"),
        button=_("Cancel at the supplier"),
        sentences=[
            _("The supplier takes the card back and puts its value to the deposit. This code is blocked for ever."),
            _("The winner keeps the award and gets nothing until you replace the code or withdraw the award."),
            _("It is possible only while nobody has seen the code, and as long as the supplier allows it."),
        ],
        figures=figures,
        obstacles=obstacles,
        form=form,
        is_grave=True,
    )


def _figures(preview: CancelPreview) -> list[tuple[Any, str]]:
    until = format_datetime(preview.until) if preview.until else str(_("the supplier decides"))
    return [
        (_("supplier"), preview.supplier),
        (_("supplier's id"), preview.card_id),
        (_("returns to the deposit"), yen(preview.amount_jpy)),
        (_("the supplier allows it until"), until),
    ]
