"""Two reviewers open one case at the same moment: one has it, the other is told."""

import pytest

from eligibility.models import ReviewCase
from eligibility.services import claim_case
from tests.factories import NOW, ReviewCaseFactory, UserFactory
from tests.races.racing import race, refusals, until_shown, without_locks

pytestmark = pytest.mark.django_db(transaction=True)


def opened_by_two() -> list[str]:
    """Open a case twice at once; returns the refusals."""
    case = ReviewCaseFactory()
    people = UserFactory.create_batch(2)
    acts = [lambda person=person: claim_case(case_id=case.pk, actor_id=person.pk, now=NOW) for person in people]
    found = refusals(race(acts))
    assert ReviewCase.objects.get(pk=case.pk).claimed_by in people
    return found


def test_a_case_opened_twice_at_once_is_in_one_pair_of_hands():
    assert opened_by_two() == ["CaseTaken"]


def test_negative_control_without_the_lock_both_have_it():
    with without_locks():
        assert until_shown(lambda: opened_by_two() == [])
