"""Filters of the review queue; each stands in the address."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import clock
from eligibility.models import ReviewStatus
from eligibility.queue import narrowed


class StateFilter(admin.SimpleListFilter):
    """The list opens with what waits."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("done", _("done")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("waiting"),
        }
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        wanted = ReviewStatus.RESOLVED if self.value() == "done" else ReviewStatus.OPEN
        return queryset.filter(status=wanted)


class OnlyFilter(admin.SimpleListFilter):
    """What is late, doubtful, worth much, or disputed."""

    title = _("what matters")
    parameter_name = "only"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("overdue", _("overdue")),
            ("risk", _("high risk")),
            ("value", _("high value")),
            ("disputed", _("reviewers disagree")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return narrowed(queryset, self.value() or "", clock.now())
