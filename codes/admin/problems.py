"""The rows of a file that cannot be used: page by page, by kind, and as a file for whoever made them."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext

from codes.admin.forms import PROBLEMS
from codes.models import CodeJob, FileProblem

PROBLEMS_A_PAGE = 50
ROWS_AT_ONCE = 2000


def problem_context(job: CodeJob, query: QueryDict) -> dict[str, Any]:
    """What the page of a job tells of the rows that cannot be used: one page of one kind, or of all."""
    found = job.file_problems.all()
    kept = dict(found.order_by().values_list("code").annotate(n=Count("pk")))
    counts = {**kept, **job.report.get("problem_counts", {})}
    code = _kind(job, query)
    page = Paginator(_of_kind(found, code), PROBLEMS_A_PAGE).get_page(query.get("page"))
    return {
        "problems": page if kept else None,
        "problem_rows": [_in_words(problem) for problem in page],
        "problem_kinds": [(kind, PROBLEMS.get(kind, kind), count) for kind, count in counts.items() if count],
        "problem_count": sum(counts.values()),
        "problem_code": code,
        "problem_query": f"{urlencode({'problem': code})}&" if code else "",
        "kept_count": sum(kept.values()),
        "is_problem_list_cut": sum(kept.values()) < sum(counts.values()),
    }


def problem_lines(job: CodeJob, query: QueryDict) -> Iterator[list[str]]:
    """Give the lines of the file: all that is kept, of the kind that is shown."""
    yield [gettext("row"), gettext("problem"), gettext("last four symbols")]
    found = _of_kind(job.file_problems.all(), _kind(job, query))
    for problem in found.iterator(chunk_size=ROWS_AT_ONCE):
        row, what, tail = _in_words(problem)
        yield [str(row), str(what), tail]


def _kind(job: CodeJob, query: QueryDict) -> str:
    """Give the kind that is asked for, if the job has problems of it."""
    asked = query.get("problem", "")
    return asked if asked in PROBLEMS and job.file_problems.filter(code=asked).exists() else ""


def _of_kind(found: QuerySet[FileProblem], code: str) -> QuerySet[FileProblem]:
    return found.filter(code=code) if code else found


def _in_words(problem: FileProblem) -> tuple[int, Any, str]:
    return problem.row, PROBLEMS.get(problem.code, problem.code), problem.tail
