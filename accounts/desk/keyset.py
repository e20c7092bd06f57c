"""Huge lists at the desk: leafed through row by row as over the API, counted only so far, filters and search kept."""

from typing import Any
from uuid import UUID

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

from core.keyset import RowNotInList, cut

COUNTED = 10_000
OLDER, NEWER = "older", "newer"


class CappedPaginator(Paginator):
    """Counts the rows of a huge list no further than COUNTED; filters narrow it down."""

    template_name = "admin/accounts/keyset_pages.html"

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk")[:COUNTED])

    @property
    def is_capped(self) -> bool:
        """Tell whether there may be more rows than were counted."""
        return self.count >= COUNTED


class KeysetChangeList(ChangeList):
    """A list whose pages begin beside a row that was seen: no page reads the ones before it."""

    def get_filters_params(self, params: Any = None) -> Any:
        kept = super().get_filters_params(params)
        return {name: value for name, value in kept.items() if name not in (OLDER, NEWER)}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Keep filters and search; whatever changes them leads to the first page."""
        return super().get_query_string(new_params, [*(remove or []), OLDER, NEWER])

    def get_results(self, request: HttpRequest) -> None:
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        try:
            page = cut(
                self.queryset,
                limit=self.list_per_page,
                older_than=_given(request, OLDER),
                newer_than=_given(request, NEWER),
                among=self.root_queryset,  # the row may have left the filter since
            )
        except (RowNotInList, ValueError) as error:
            raise IncorrectLookupParameters from error
        self.result_list: Any = page.rows
        self.result_count = self.paginator.count
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False  # no numbers of pages
        self.older_url = self.get_query_string({OLDER: page.older}) if page.older else ""
        self.newer_url = self.get_query_string({NEWER: page.newer}) if page.newer else ""


class KeysetMixin:
    """Makes a list's pages cost the same; to stand before the admin class. The order is the newest first."""

    paginator = CappedPaginator
    sortable_by: Any = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-pk",)


def _given(request: HttpRequest, name: str) -> UUID | None:
    given = request.GET.get(name)
    return UUID(given) if given else None
