"""Batches of codes that a supplier makes: ordered beside the deposit, and put back into stock when it is in order."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.desk import Question, attempt, yen
from accounts.desk.asking import Text
from campaigns.models import Custody, Prize
from codes import services
from codes.admin.forms import FetchForm
from codes.errors import SupplierUnavailable
from codes.models import BatchStatus, CodeBatch, CodeSource
from codes.reasons import reason_in_words
from codes.selectors import failed_cards
from core import clock
from core.errors import DomainError


class FetchedBatches:
    """Acts of the batches' page that concern suppliers; mixed into it."""

    def has_paused_fetched_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        if not self.may(request, "change", object_id):
            return False
        batches = CodeBatch.objects.filter(pk=object_id or 0, status=BatchStatus.PAUSED)
        return batches.filter(source=CodeSource.FETCHED).exists()

    @action(description=_("Order from a supplier"), url_path="fetch", icon="cloud_download", permissions=["stock"])
    def fetch(self: Any, request: HttpRequest) -> HttpResponse:
        prizes = self._prizes(request).filter(gift_brand__custody=Custody.FETCHED)
        form = FetchForm(request.POST or None, prizes=prizes, initial=request.GET.dict())
        if form.is_valid():
            given = form.cleaned_data
            made: list[CodeBatch] = []
            if attempt(
                request,
                lambda: made.append(
                    services.create_fetched_batch(
                        prize_id=given["prize"].pk,
                        name=given["name"],
                        count=given["count"],
                        expires_at=given["expires_at"],
                        now=clock.now(),
                        actor_id=request.user.pk,
                    )
                ),
                _("The order is noted. Put the batch into stock when you are ready."),
            ):
                return redirect(self.page_of(made[0]))
        deposits, unknown = _deposits(prizes)
        question = Question(
            title=_("Order codes from a supplier"),
            button=_("Note the order"),
            sentences=[
                _("The supplier makes each code when a winner gets it, and takes its value from the deposit then."),
                _("The code itself is never kept here; it is shown to the winner straight from the supplier."),
            ],
            figures=deposits,
            obstacles=unknown if prizes else [_("No prize has a gift brand whose supplier makes codes on request.")],
            form=form,
        )
        return self.ask(request, question)

    @action(description=_("Put back into stock"), url_path="resume", icon="play_circle", permissions=["paused_fetched"])
    def resume(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.row_or_404(request, object_id, "change")
        if request.method == "POST":
            attempt(
                request,
                lambda: services.resume_fetched_batch(batch_id=batch.pk, now=clock.now(), actor_id=request.user.pk),
                _("The batch is in stock again."),
            )
            return redirect(self.page_of(batch))
        deposits, unknown = _deposits([batch.prize])
        question = Question(
            title=_("Put this batch back into stock?"),
            button=_("Put back into stock"),
            sentences=[_("Winners who wait receive their codes by themselves, within a minute.")],
            figures=[
                (_("prize"), batch.prize.name),
                (_("held back because"), reason_in_words(batch.status_reason)),
                (_("cards that failed"), f"{failed_cards(batch.pk).count():,}"),
                *deposits,
            ],
            obstacles=unknown,
        )
        return self.ask(request, question, batch)


def _deposits(prizes: Iterable[Prize]) -> tuple[list[tuple[Text, Text]], list[Text]]:
    """Give the deposit that is left at each supplier of some prizes as label and value, and what stands against it."""
    brands = {prize.gift_brand.supplier: prize.gift_brand.name for prize in prizes if prize.gift_brand}
    figures: list[tuple[Text, Text]] = []
    unknown: list[Text] = []
    for slug, name in sorted(brands.items()):
        try:
            left = services.free_funds(slug=slug)
        except SupplierUnavailable:
            unknown.append(
                _("%(supplier)s does not tell its deposit now. Try later; if it stays so, check the contract.")
                % {"supplier": name}
            )
        except DomainError as refusal:
            unknown.append(str(refusal))
        else:
            if left is not None and left < 0:
                unknown.append(
                    _("The deposit at %(supplier)s is short by %(amount)s. Pay in, then open this page again.")
                    % {"supplier": name, "amount": yen(-left)}
                )
                continue
            label = _("deposit not promised yet (%(supplier)s)") % {"supplier": name}
            figures.append((label, _("the supplier does not say") if left is None else yen(left)))
    return figures, unknown
