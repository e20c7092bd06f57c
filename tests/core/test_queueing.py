"""The message to a worker is a hint: it goes out after the commit, and nobody notices when the broker is away (F09)."""

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from core.queueing import enqueue_on_commit
from participants.models import EntryStatus
from tests.worlds import begin, open_campaign, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(settings, monkeypatch):
    """What reached the broker."""
    settings.TASKS_ON_COMMIT = True
    calls = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs, **options: calls.append((name, kwargs)))
    return calls


def test_a_task_is_published_after_the_commit_with_ids_only(published):
    with transaction.atomic():
        enqueue_on_commit("journeys.tasks.advance_entry", entry_id=7)
        assert published == []

    assert published == [("journeys.tasks.advance_entry", {"entry_id": 7})]


def test_a_transaction_that_is_undone_publishes_nothing(published):
    with transaction.atomic():
        enqueue_on_commit("journeys.tasks.advance_entry", entry_id=7)
        transaction.set_rollback(True)

    assert published == []


@pytest.mark.parametrize("failure", [OperationalError("no broker"), ConnectionRefusedError(), TimeoutError()])
def test_F09_entries_are_taken_while_the_broker_is_away(settings, monkeypatch, capsys, failure):
    def refuse(*_arguments, **_options):
        raise failure

    entry = begin(open_campaign())
    settings.TASKS_ON_COMMIT = True
    monkeypatch.setattr(current_app, "send_task", refuse)

    send(entry)

    entry.refresh_from_db()
    assert entry.status == EntryStatus.SUBMITTED
    assert entry.advance_after is not None  # so that the sweep finds it
    assert "broker_publish_failed" in capsys.readouterr().out
