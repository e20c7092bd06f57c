"""Filters of the list of suspected rings; each stands in the address."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from eligibility.ring_figures import suspected, with_held_entries
from eligibility.ring_words import NAMES
from eligibility.rings import HOLD_AT


class StateFilter(admin.SimpleListFilter):
    """The list opens with the rings whose entries are held."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("entries wait")), ("weak", _("weaker suspicion, not held")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("suspected"),
        }
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        if self.value() == "weak":
            return queryset.filter(score__lt=HOLD_AT, dissolved_at__isnull=True)
        rings = suspected(queryset)
        return with_held_entries(rings) if self.value() == "waiting" else rings


class KindFilter(admin.SimpleListFilter):
    """Rings that a kind of thing links."""

    title = _("What links them")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(NAMES.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(evidence__has_key=self.value()) if self.value() in NAMES else queryset


class CampaignFilter(admin.SimpleListFilter):
    """Rings with an entry in a campaign that the user may see."""

    title = _("campaign")
    parameter_name = "campaign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        agencies = model_admin.agency_ids(request, "view", "change")
        with_rings = Campaign.objects.filter(agency__in=agencies, entries__ring_member__isnull=False)
        titles = with_rings.order_by("title", "pk").distinct().values_list("pk", "title")
        return [(str(pk), title) for pk, title in titles]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        known = {pk for pk, _title in self.lookup_choices}
        if self.value() not in known:
            return queryset
        rings = queryset.model.objects.filter(members__entry__campaign=self.value())
        return queryset.filter(pk__in=rings.values("pk"))
