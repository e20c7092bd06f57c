"""The card of one code at its supplier, taken back on an operator's word after he has read what that means."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.desk import Question, attempt, yen
from codes import services
from codes.admin.forms import ReasonForm
from codes.models import GiftCode, SupplierCard, SupplierCardStatus
from codes.reasons import supplier_reason_in_words
from codes.services import CancelPreview, worth_at_supplier
from core import clock
from core.errors import DomainError
from core.japanese import format_datetime


class SupplierCardMixin:
    """Adds 「発行元で取り消す」 to the page of a code; to stand before the admin class."""

    def changeform_view(
        self: Any, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        gift_code = self.get_object(request, object_id) if object_id else None
        told = {"card_figures": card_figures(gift_code)} if gift_code is not None else {}
        return super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **told}
        )

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
        figures += _figures(gift_code, preview)
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


def _figures(gift_code: Any, preview: CancelPreview) -> list[tuple[Any, str]]:
    until = format_datetime(preview.until) if preview.until else str(_("the supplier decides"))
    return [
        *card_figures(gift_code),
        (_("returns to the deposit"), yen(preview.amount_jpy)),
        (_("the supplier allows it until"), until),
    ]


def card_figures(gift_code: GiftCode) -> list[tuple[Any, str]]:
    """What an operator reads to a supplier about the card of a code, and how far it is; nothing where it has none."""
    card = SupplierCard.objects.filter(gift_code=gift_code).first()
    if card is None:
        return []
    brand = gift_code.prize.gift_brand
    why = f" ({supplier_reason_in_words(card.failure_code)})" if card.status == SupplierCardStatus.REFUSED else ""
    figures: list[tuple[Any, str]] = [
        (_("supplier"), brand.name if brand else card.supplier),
        (_("at the supplier"), f"{card.get_status_display()}{why}"),
        (_("supplier's id"), card.card_id or "-"),
        (_("number of our request"), card.request_id),
    ]
    worth = worth_at_supplier(card=card)
    if worth != card.amount_jpy:
        figures += [(_("value asked for"), yen(card.amount_jpy)), (_("value of the card made"), yen(worth))]
    return figures
