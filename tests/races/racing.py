"""Real threads on connections of their own, let loose at one moment; and the protections, taken out for a while."""

import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Model, QuerySet

from core import rows
from core.errors import DomainError
from core.models import StatefulModel
from tests.constraints import drop_constraints, drop_unique, restore_constraints, restore_unique

ROUNDS = 30  # a negative control that shows nothing in so many rounds has failed
PATIENCE_SECONDS = 30
SWITCH_SECONDS = 1e-5


def race(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all acts at once; returns what each gave, its refusal included. Any other failure is the test's."""
    start = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE_SECONDS)
            outcomes[place] = act()
        except Exception as error:  # noqa: BLE001 told apart below, in the test's own thread
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    return outcomes


def refusals(outcomes: Sequence[Any], *expected: type[Exception]) -> list[str]:
    """Name the refusals among outcomes; a failure that is none is raised."""
    names = []
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            if not isinstance(outcome, (DomainError, *expected)):
                raise outcome
            names.append(type(outcome).__name__)
    return names


def successes(outcomes: Sequence[Any]) -> list[Any]:
    """Give what went well."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def until_shown(shows: Callable[[], bool]) -> bool:
    """Repeat a race without its protection until the violation shows; threads change places often meanwhile."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        return any(shows() for _round in range(ROUNDS))
    finally:
        sys.setswitchinterval(usual)


@contextmanager
def without_locks() -> Iterator[None]:
    """Take out every row lock and every compare-and-swap of a status."""

    def move_to(self: Any, status: str, **changes: Any) -> Any:
        type(self)._default_manager.filter(pk=self.pk).update(status=status, **changes)
        self.status = status
        return self

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
        patch.setattr(rows, "lock", lambda _alias="": "")
        patch.setattr(StatefulModel, "move_to", move_to)
        yield


@contextmanager
def without_constraints(model: type[Model], *names: str) -> Iterator[None]:
    """Drop named constraints and put them back; the rows that break them are to be gone by then."""
    drop_constraints(model, *names)
    try:
        yield
    finally:
        _clear(model)
        restore_constraints(model, *names)


@contextmanager
def changed_function(name: str, old: str, new: str) -> Iterator[None]:
    """Run with one line of a database function written differently."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [name])
        honest = cursor.fetchone()[0]
        assert re.search(old, honest), "the protection is not where it was"
        cursor.execute(re.sub(old, new, honest).replace("%", "%%"), [])
        try:
            yield
        finally:
            cursor.execute(honest.replace("%", "%%"), [])


@contextmanager
def without_unique(model: type[Model], column: str) -> Iterator[None]:
    """Drop the unique constraint of a one-to-one column for a while."""
    name = drop_unique(model, column)
    try:
        yield
    finally:
        _clear(model)
        restore_unique(model, column, name)


def _clear(model: type[Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'TRUNCATE "{model._meta.db_table}" CASCADE')
