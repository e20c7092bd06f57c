"""Rows of a file that cannot be used: all of them can be paged through, by kind, and taken along as a file."""

from datetime import timedelta

import pytest
from django.urls import reverse

from codes.models import CodeJob, FileProblem, JobKind, JobStatus
from codes.services import checking_files
from codes.services.checking_files import PROBLEM_DAYS, Findings, forget_problems
from core import clock
from tests.admin.registry import row_url
from tests.factories import CodeJobFactory, GiftCodeFactory

KINDS = ("code_malformed", "duplicate_in_file")


@pytest.fixture
def check(agency) -> CodeJob:
    """A checked file with 120 rows that cannot be used, every third of them a duplicate."""
    batch = GiftCodeFactory(batch__prize__course__campaign__sponsor__agency=agency).batch
    job = CodeJobFactory(batch=batch, kind=JobKind.CHECK, status=JobStatus.DONE)
    found = Findings(job.pk)
    for row in range(121, 1, -1):  # duplicates are found last, wherever they stand
        found.add(row, KINDS[row % 3 == 0], "CANARY1234" if row % 3 == 0 else "")
    found.store()
    job.report = {"problem_counts": dict(found.counts)}
    job.save(update_fields=["report"])
    return job


def shown(answer) -> list[int]:
    return [row for row, _what, _tail in answer.context["problem_rows"]]


def rows_of_file(client, check, query="") -> list[list[str]]:
    url = reverse("admin:codes_codejob_problems", args=[check.pk])
    lines = b"".join(client.get(f"{url}{query}")).decode().splitlines()
    return [line.split(",") for line in lines[1:]]


def test_every_row_is_reached_page_by_page_in_the_order_of_the_file(check, operator):
    pages = [operator.get(f"{row_url(check)}?page={number}") for number in (1, 2, 3)]

    assert [row for page in pages for row in shown(page)] == list(range(2, 122))
    text = pages[1].content.decode()
    assert "120 行のうち 51～100 行目" in text
    assert 'href="?page=1"' in text
    assert 'href="?page=3"' in text
    assert "CANARY" not in text
    assert shown(operator.get(f"{row_url(check)}?page=99")) == shown(pages[2])
    assert shown(operator.get(f"{row_url(check)}?page=x")) == shown(pages[0])


def test_one_kind_is_shown_alone_and_the_file_holds_what_is_shown(check, operator):
    page = operator.get(f"{row_url(check)}?problem=duplicate_in_file")

    assert shown(page) == list(range(3, 122, 3))
    assert 'aria-current="true">ファイルの中で重複しています: 40' in " ".join(page.content.decode().split())
    kind = rows_of_file(operator, check, "?problem=duplicate_in_file")
    assert [(row, tail) for row, _what, tail in kind] == [(str(row), "1234") for row in range(3, 122, 3)]
    assert len(rows_of_file(operator, check)) == 120
    assert shown(operator.get(f"{row_url(check)}?problem=nonsense")) == list(range(2, 52))


def test_I11_another_agency_sees_neither_page_nor_file(check, desk):
    from accounts.services import add_member
    from tests.factories import AgencyFactory, UserFactory

    stranger = UserFactory()
    add_member(user_id=stranger.pk, agency_id=AgencyFactory().pk, role="operator")
    from django.test import Client

    client = Client()
    client.force_login(stranger)

    assert client.get(row_url(check)).status_code in (302, 403, 404)
    assert client.get(reverse("admin:codes_codejob_problems", args=[check.pk])).status_code in (302, 403, 404)


def test_of_very_many_rows_the_rest_is_counted_and_the_page_says_so(check, operator, monkeypatch):
    monkeypatch.setattr(checking_files, "PROBLEMS_KEPT", 3)
    FileProblem.objects.all().delete()
    found = Findings(check.pk)
    for row in range(2, 9):
        found.add(row, "code_malformed")
    found.store()
    CodeJob.objects.filter(pk=check.pk).update(report={"problem_counts": dict(found.counts)})

    page = operator.get(row_url(check))

    assert (shown(page), page.context["problem_count"]) == ([2, 3, 4], 7)
    assert "一覧とファイルには 3 行だけ" in page.content.decode()


def test_rows_are_forgotten_after_some_weeks_and_their_counts_stay(check):
    CodeJob.objects.filter(pk=check.pk).update(created_at=clock.now() - PROBLEM_DAYS)
    assert forget_problems(now=clock.now() - timedelta(minutes=1)) == 0

    assert forget_problems(now=clock.now()) == 120

    check.refresh_from_db()
    assert check.report["problem_counts"] == {"code_malformed": 80, "duplicate_in_file": 40}
