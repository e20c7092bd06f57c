"""The desk offers to take a decision back, at once and from the list of one's own, or says why it cannot be."""

import pytest
from django.urls import reverse

from accounts.models import Role
from tests.admin.registry import row_url
from tests.factories import DrawResultFactory, ReviewCaseFactory


@pytest.fixture
def case(agency):
    """A case without a receipt: the verdict is all there is to give."""
    return ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency)


def address(name, *args):
    return reverse(f"review-{name}", args=args)


def test_a_decision_is_offered_to_be_taken_back_at_once_and_from_the_list_of_ones_own(case, operator, desk):
    following = ReviewCaseFactory(decision__entry__campaign=case.campaign)
    next_page = operator.post(row_url(case), {"verdict": "eligible"}, follow=True).content.decode()
    undo = address("undo", case.opinions.get().pk)

    assert f'action="{undo}"' in next_page
    assert f'action="{undo}"' in operator.get(address("mine")).content.decode()
    assert operator.get(undo).status_code == 405
    assert desk(Role.OPERATOR).post(undo).status_code == 404  # somebody else's
    assert desk(Role.SUPPORT).get(address("mine")).status_code == 403
    answer = operator.post(undo)

    case.refresh_from_db()
    assert (answer["Location"], case.status) == (row_url(case), "open")
    assert f'action="{undo}"' not in operator.get(row_url(following)).content.decode()


def test_why_a_decision_can_no_longer_be_taken_back_is_said(case, operator):
    operator.post(row_url(case), {"verdict": "eligible"})
    DrawResultFactory(entry=case.entry, course=None)
    undo = address("undo", case.opinions.get().pk)

    listed = operator.get(address("mine")).content.decode()
    told = operator.post(undo, follow=True).content.decode()

    assert "応募の結果が確定しているため" in listed
    assert f'action="{undo}"' not in listed
    assert "応募の結果が確定しているため" in told
    case.refresh_from_db()
    assert case.status == "resolved"
