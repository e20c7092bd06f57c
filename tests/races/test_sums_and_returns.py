"""Two sums of the same papers at one moment, and a return in the moment in which its code is shown."""

import threading
from functools import partial

import pytest

from campaigns.models import EntryRule, RuleKind
from campaigns.services import freeze_rules
from codes.errors import AwardVoided
from codes.models import Award
from codes.services import reveal_code, void_award, void_unseen_award
from eligibility.models import ReturnSource, Verdict
from eligibility.services import Notice, decide_entry
from journeys import returns
from journeys.audit import violations
from journeys.returns import take_return
from participants.models import Entry, EntryStatus
from receipts.models import Receipt
from tests import factories
from tests.factories import NOW
from tests.races.racing import race, refusals, successes, without_locks
from tests.worlds import World, begin, finish, open_campaign, send

pytestmark = pytest.mark.django_db(transaction=True)
NOTICE = Notice(source=ReturnSource.CLIENT, reference="R-1")


def must_buy() -> World:
    return open_campaign(codes=9, rules=(RuleKind.PURCHASE,), purchase_from_on=NOW.date(), purchase_until_on=NOW.date())


def with_receipts(world: World, papers: str) -> Entry:
    entry = begin(world)
    for paper in papers:
        factories.ReceiptFactory.create(
            entry=entry, fingerprint=paper * 64, telephone="", reading={"needs_review": False}
        )
    return entry


def test_I16_the_same_papers_in_opposite_order_make_one_sum_and_no_deadlock():
    world = must_buy()
    EntryRule.objects.update(parameters={"minimum_spend_jpy": 2000, "receipts_at_most": 2})
    freeze_rules(campaign_id=world.campaign.pk)
    for first, second in ("ab", "cd", "ef"):
        rivals = [send(with_receipts(world, papers)) for papers in (first + second, second + first)]

        outcomes = race([partial(decide_entry, entry_id=entry.pk, now=NOW) for entry in rivals])

        verdicts = sorted(decision.verdict for decision in successes(outcomes))
        assert (verdicts, refusals(outcomes)) == ([Verdict.ELIGIBLE, Verdict.SENT_BACK], [])
    assert Receipt.objects.filter(counts=True).count() == 6
    assert violations(NOW) == {}


def shown_while_returned() -> tuple[bool, bool]:
    """Tell whether the winner saw the code, and whether the award was withdrawn."""
    world = must_buy()
    entry = with_receipts(world, "a")
    assert finish(entry).status == EntryStatus.WON
    award = Award.objects.get(entry=entry)
    receipt = entry.receipts.get()
    outcomes = race(
        [
            partial(reveal_code, award_id=award.pk, now=NOW),
            partial(take_return, receipt_id=receipt.pk, notice=NOTICE, now=NOW),
        ]
    )
    assert set(refusals(outcomes)) <= {AwardVoided.__name__}
    award.refresh_from_db()
    return award.revealed_at is not None, award.voided_at is not None


def test_I01_a_code_is_either_shown_or_withdrawn():
    for _round in range(5):
        was_shown, was_withdrawn = shown_while_returned()
        assert was_shown != was_withdrawn


def shown_after_the_look(monkeypatch, void) -> tuple[list[str], bool, bool]:
    """As `shown_while_returned`, the code asked for after the return has found the award and before it withdraws it."""
    entry = with_receipts(must_buy(), "a")
    finish(entry)
    award = Award.objects.get(entry=entry)
    found, shown = threading.Event(), threading.Event()

    def void_late(**details):
        found.set()
        shown.wait(1)  # all of it where the opening waits for the award, which the return holds
        return void(**details)

    def show():
        found.wait(10)
        reveal_code(award_id=award.pk, now=NOW)
        shown.set()

    monkeypatch.setattr(returns, "void_unseen_award", void_late)
    tell = partial(take_return, receipt_id=entry.receipts.get().pk, notice=NOTICE, now=NOW)
    refused = refusals(race([show, tell]))
    award.refresh_from_db()
    return refused, award.revealed_at is not None, award.voided_at is not None


def test_I01_a_code_that_a_return_has_found_is_not_shown_any_more(monkeypatch):
    assert shown_after_the_look(monkeypatch, void_unseen_award) == ([AwardVoided.__name__], False, True)


def test_I01_a_code_shown_in_the_last_moment_is_kept(monkeypatch):
    with without_locks():
        assert shown_after_the_look(monkeypatch, void_unseen_award) == ([], True, False)


def test_negative_control_without_lock_and_look_a_shown_code_is_withdrawn(monkeypatch):
    with without_locks():
        assert shown_after_the_look(monkeypatch, void_award) == ([], True, True)
