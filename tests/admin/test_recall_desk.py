"""A recall at the desk: who confirms it, what happens meanwhile, and winners that it leaves without a code."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Agency
from codes.models import Award, CodeBatch, CodeJob, CodeStatus, JobStatus
from codes.services import request_recall, reveal_code, run_job, void_code
from tests.admin.registry import row_url
from tests.factories import NOW
from tests.worlds import World, open_campaign, stock, win


def text(answer) -> str:
    """A page as people read it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def act(name: str, batch: CodeBatch) -> str:
    return reverse(f"admin:codes_codebatch_{name}", args=[batch.pk])


@pytest.fixture
def world(agency) -> World:
    return open_campaign(codes=3, sponsor__agency=agency)


@pytest.fixture
def codeless(world) -> CodeBatch:
    """A recalled batch of three codes, all given out and unseen, with no other stock."""
    for _ in range(3):
        win(world)
    batch = CodeBatch.objects.get()
    run_job(job_id=request_recall(batch_id=batch.pk, reason="印刷の誤り", now=NOW).pk, now=NOW)
    return batch


def test_T21_who_asked_for_a_recall_reads_that_another_person_confirms_it(agency, world, operator, desk):
    Agency.objects.filter(pk=agency.pk).update(second_person_above_jpy=1)
    batch = CodeBatch.objects.get()

    asked = text(operator.get(act("recall", batch)))
    answer = text(operator.post(act("recall", batch), {"reason": "印刷の誤り"}, follow=True))
    own = operator.get(act("approve_recall", batch)).content.decode()
    others = desk().get(act("approve_recall", batch)).content.decode()

    assert "すぐに止めるには、先に「保留にする」を押してください" in asked
    assert "確認されるまでは、この入荷のコードの配布が続きます" in answer
    assert "別の方の確認が必要です" in own
    assert ('type="submit" class="desk-button grave"' in squeezed(own), "この入荷を回収" in own) == (False, False)
    assert 'type="submit" class="desk-button grave"' in squeezed(others)
    assert "誰も見ていない当選のコードは、別のコードに差し替えます" in others


def squeezed(page: str) -> str:
    return re.sub(r"\s+", " ", page)


def test_a_recall_that_waits_is_not_offered_again_and_is_confirmed_with_all_its_numbers(agency, world, operator, desk):
    Agency.objects.filter(pk=agency.pk).update(second_person_above_jpy=1)
    batch = CodeBatch.objects.get()
    operator.post(act("recall", batch), {"reason": "印刷の誤り"})
    job = CodeJob.objects.get()

    again = operator.get(act("recall", batch))
    confirming = desk().get(reverse("admin:codes_codejob_confirm", args=[job.pk]))

    assert again.status_code == 403
    assert (confirming.status_code, confirming["Location"]) == (302, act("approve_recall", batch))
    assert row_url(batch) in desk().get(row_url(job)).content.decode()


def test_a_recall_without_a_second_person_says_that_it_has_begun(world, operator):
    batch = CodeBatch.objects.get()

    answer = text(operator.post(act("recall", batch), {"reason": "印刷の誤り"}, follow=True))

    assert "回収を始めました。" in answer
    assert CodeJob.objects.get().status == JobStatus.QUEUED


def test_winners_left_without_a_code_are_todays_duty_until_they_have_one(world, codeless, operator):
    today = text(operator.get(reverse("admin:index")))
    empty = operator.get(act("serve_codeless", codeless)).content.decode()
    refused = text(operator.post(act("serve_codeless", codeless), {"reason": "入荷したため"}, follow=True))
    stock(world.prize, 2)
    page = text(operator.get(row_url(codeless)))
    answer = text(operator.post(act("serve_codeless", codeless), {"reason": "入荷したため"}, follow=True))
    stock(world.prize, 1)
    operator.post(act("serve_codeless", codeless), {"reason": "入荷したため"})
    later = text(operator.get(reverse("admin:index")))

    assert "回収のあとコードを待っている当選者 3 件" in today
    assert "先にコードを入荷してください" in empty
    assert "配り終えました" in refused
    assert "コードのない当選者: 3人" in page
    assert "2人にコードを渡しました。待っている人はあと1人です。" in answer
    assert list(Award.objects.values_list("gift_code__status", flat=True)) == [CodeStatus.ISSUED] * 3
    assert "回収のあとコードを待っている当選者 3" not in later
    assert operator.get(act("serve_codeless", codeless)).status_code == 403


def test_the_earliest_winner_is_served_first(world, codeless, operator):
    stock(world.prize, 1)

    operator.post(act("serve_codeless", codeless), {"reason": "入荷したため"})

    states = list(Award.objects.order_by("pk").values_list("gift_code__status", flat=True))
    assert states == [CodeStatus.ISSUED, CodeStatus.VOID, CodeStatus.VOID]


def test_award_and_entry_lead_to_the_code_and_say_that_another_is_awaited(codeless, operator):
    award = Award.objects.first()

    award_page = operator.get(row_url(award)).content.decode()
    entry_page = text(operator.get(row_url(award.entry)))

    assert row_url(award.gift_code) in award_page
    assert "(無効)" in award_page
    assert "別のコードを待っています" in award_page
    assert "別のコードを待っています" in entry_page


def test_a_code_blocked_by_a_person_is_not_said_to_be_replaced(world, operator):
    award = win(world)
    void_code(gift_code_id=award.gift_code_id, reason="不正", now=NOW)

    entry_page = text(operator.get(row_url(award.entry)))

    assert "コードは無効" in entry_page
    assert "別のコードを待っています" not in entry_page


def test_a_story_names_the_winner_and_no_browser(world, operator):
    award = win(world)
    reveal_code(award_id=award.pk, now=NOW + timedelta(minutes=1), actor_label="claim:NLImxvIUbOQ5")

    page = text(operator.get(row_url(award.gift_code)))

    assert "当選者に表示しました 当選者" in page
    assert "claim" not in page
