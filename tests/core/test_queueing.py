"""The message to a worker is a hint: it goes out after the commit, and nobody notices when the broker is away (F09)."""

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from core.queueing import IDS_A_MESSAGE, enqueue_on_commit, gathered, wake_on_commit, work_through
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
        enqueue_on_commit("codes.tasks.run_job", job_id=7)
        assert published == []

    assert published == [("codes.tasks.run_job", {"job_id": 7})]


def test_a_transaction_that_is_undone_publishes_nothing(published):
    with transaction.atomic():
        enqueue_on_commit("codes.tasks.run_job", job_id=7)
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


def test_many_rows_are_told_of_by_the_hundred(published):
    wake_on_commit("a.task", "ids", range(250))

    assert [len(arguments["ids"]) for _task, arguments in published] == [100, 100, 50]
    assert [row_id for _task, arguments in published for row_id in arguments["ids"]] == list(range(250))


def test_what_single_transactions_ask_for_goes_out_together(published):
    with gathered():
        for row_id in range(IDS_A_MESSAGE + 1):
            with transaction.atomic():
                wake_on_commit("a.task", "ids", [row_id])
        wake_on_commit("another.task", "ids", [7])
        assert published == [("a.task", {"ids": list(range(IDS_A_MESSAGE))})]

    assert published[1:] == [("a.task", {"ids": [IDS_A_MESSAGE]}), ("another.task", {"ids": [7]})]


def test_what_was_committed_before_a_failure_is_told_of(published):
    def act():
        with gathered(), gathered():
            wake_on_commit("a.task", "ids", [1])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()

    assert published == [("a.task", {"ids": [1]})]


def test_F06_a_row_that_fails_does_not_hold_up_the_others(published, capsys):
    done = []

    def act(row_id):
        done.append(100 // row_id)
        wake_on_commit("b.task", "ids", [row_id])

    work_through("a.task", "ids", [2, 0, 4], act)

    assert done == [50, 25]
    assert published == [("b.task", {"ids": [2, 4]})]
    assert "ZeroDivisionError" in capsys.readouterr().out
