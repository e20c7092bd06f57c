"""目視: a case is looked at, its figures corrected, a verdict given, and the next one comes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Role
from core.clock import jst_day
from eligibility.admin.review_page import TROUBLES, alikes, compared
from eligibility.models import ReviewCase, Verdict
from eligibility.selectors import policy_of
from eligibility.services import set_policy
from participants.models import EntryStatus
from receipts.files import store_photo
from receipts.models import PhotoTrouble, PrintedForm, Receipt, ReceiptLine
from tests.admin.registry import list_url, row_url
from tests.factories import (
    ReceiptFactory,
    ReceiptLineFactory,
    ReceiptPhotoFactory,
    ReviewCaseFactory,
    TargetProductFactory,
)

COVERED = b"\xff\xd8\xff\xe0 without names \xff\xd9"
JPEG = b"\xff\xd8\xff\xe0 a photograph \xff\xd9"


@pytest.fixture
def case(agency):
    """An entry with a receipt of two lines that a person has to look at."""
    case = ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency)
    case.decision.reasons = [{"code": "reading_uncertain", "rule": "purchase", "region": None}]
    case.decision.save()
    receipt = ReceiptFactory(entry=case.entry, purchased_on=jst_day(timezone.now()))
    ReceiptLineFactory(receipt=receipt, name="緑茶", quantity=2, price_jpy=1000, confidence=60)
    photo = ReceiptPhotoFactory.build(receipt=receipt, position=1)
    photo.file_name = store_photo(photo.public_id, JPEG)
    photo.covered_file_name = store_photo(photo.public_id, COVERED, column="covered")
    photo.save()
    return case


def posted(case: ReviewCase, **changes: object) -> dict[str, object]:
    """The desk's form as the browser sends it when nothing was touched."""
    receipt = case.entry.receipts.get()
    fields = {
        "figures-store_name": receipt.store_name,
        "figures-telephone": receipt.telephone,
        "figures-purchased_on": receipt.purchased_on.isoformat(),
        "figures-total_jpy": receipt.total_jpy,
        "lines-TOTAL_FORMS": "3",
        "lines-INITIAL_FORMS": "1",
        "lines-0-name": "緑茶",
        "lines-0-quantity": "2",
        "lines-0-price_jpy": "1000",
    }
    return fields | changes


def test_the_desk_shows_photo_figures_reasons_and_doubt(case, operator):
    page = operator.get(row_url(case)).content.decode()

    photo = case.entry.receipts.get().photos.get()
    assert reverse("admin:receipts_receipt_photo", args=[photo.public_id]) in page
    assert "レシートに読み取りにくい箇所があります。" in page
    assert 'value="まるはちマート"' in page
    assert '<tr class="doubtful">' in page


def test_what_looked_wrong_when_a_photo_was_sent_stands_beside_it(case, operator):
    photo = case.entry.receipts.get().photos.get()
    sound = operator.get(row_url(case)).content.decode()
    photo.trouble = PhotoTrouble.CUT_OFF
    photo.save(update_fields=["trouble"])

    page = operator.get(row_url(case)).content.decode()

    assert "受付時の確認" not in sound
    assert "受付時の確認: レシートの一部が写真からはみ出している可能性があります。" in page
    assert set(TROUBLES) == set(PhotoTrouble)


def test_the_list_opens_with_what_waits_oldest_first(case, agency, operator):
    second = ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency)
    done = ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency, status="resolved")

    page = operator.get(list_url("eligibility.reviewcase")).content.decode()

    assert page.index(row_url(case)) < page.index(row_url(second))
    assert row_url(done) not in page


def test_approve_and_next_leads_to_the_next_case(case, agency, operator):
    following = ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency)

    answer = operator.post(row_url(case), posted(case, verdict="eligible"))

    case.refresh_from_db()
    case.entry.refresh_from_db()
    assert answer["Location"] == row_url(following)
    assert (case.status, case.outcome.verdict) == ("resolved", Verdict.ELIGIBLE)
    assert case.entry.status == EntryStatus.ACCEPTED
    assert case.entry.receipts.get().corrected_by is None


def test_the_last_case_leads_back_to_the_list(case, operator):
    answer = operator.post(row_url(case), posted(case, verdict="eligible"), follow=True)

    assert answer.redirect_chain[-1][0] == list_url("eligibility.reviewcase")
    assert "審査待ちはなくなりました" in answer.content.decode()


@pytest.mark.parametrize(
    ("verdict", "reason", "status"),
    [("sent_back", "date_unread", EntryStatus.SENT_BACK), ("refused", "store_not_included", EntryStatus.REFUSED)],
)
def test_a_refusal_keeps_the_reason_that_was_chosen(verdict, reason, status, case, operator):
    operator.post(
        row_url(case), posted(case, **{"verdict": verdict, f"{verdict}_reason": reason, "note": "電話で確認"})
    )

    case.refresh_from_db()
    case.entry.refresh_from_db()
    assert [found["code"] for found in case.outcome.reasons] == [reason]
    assert (case.entry.status, case.note) == (status, "電話で確認")


@pytest.mark.parametrize("verdict", ["sent_back", "refused"])
def test_a_refusal_without_a_reason_is_not_taken(verdict, case, operator):
    page = operator.post(row_url(case), posted(case, verdict=verdict))

    case.refresh_from_db()
    assert page.status_code == 200
    assert "応募者に伝わる理由を選んでください。" in page.content.decode()
    assert case.status == "open"


def test_corrected_figures_and_lines_are_kept_with_the_verdict(case, operator):
    changes = {
        "figures-total_jpy": "2980",
        "lines-0-price_jpy": "2980",
        "lines-1-name": "おにぎり",
        "lines-1-price_jpy": "150",
        "verdict": "eligible",
    }

    operator.post(row_url(case), posted(case, **changes))

    receipt = case.entry.receipts.get()
    assert receipt.total_jpy == 2980
    assert receipt.corrected_by_id == int(operator.session["_auth_user_id"])
    assert list(receipt.lines.values_list("name", "quantity", "price_jpy")) == [("緑茶", 2, 2980), ("おにぎり", 1, 150)]


def test_figures_can_be_saved_without_a_verdict(case, operator):
    answer = operator.post(row_url(case), posted(case, **{"figures-total_jpy": "999", "verdict": ""}))

    case.refresh_from_db()
    assert answer["Location"] == row_url(case)
    assert (case.status, case.entry.receipts.get().total_jpy) == ("open", 999)


def test_figures_out_of_bounds_keep_the_case_open(case, operator):
    operator.post(row_url(case), posted(case, **{"figures-total_jpy": "999999999", "verdict": "eligible"}))

    case.refresh_from_db()
    assert (case.status, case.entry.receipts.get().total_jpy) == ("open", 1280)


def test_a_case_that_somebody_closed_first_is_told_and_not_judged_twice(case, operator):
    operator.post(row_url(case), posted(case, verdict="eligible"))

    page = operator.post(
        row_url(case), posted(case, verdict="refused", refused_reason="store_not_included"), follow=True
    )

    case.entry.refresh_from_db()
    assert case.entry.status == EntryStatus.ACCEPTED
    assert "ほかの人が直前に変更しました" in page.content.decode()


def test_look_alikes_stand_beside_the_receipt(case, agency, operator):
    mine = case.entry.receipts.get()
    other = ReceiptFactory(
        entry__campaign=case.entry.campaign,
        telephone=mine.telephone,
        purchased_on=mine.purchased_on,
        total_jpy=mine.total_jpy,
    )
    photo = ReceiptPhotoFactory(receipt=other)

    page = operator.get(row_url(case)).content.decode()

    assert reverse("admin:receipts_receipt_photo", args=[photo.public_id]) in page
    assert row_url(other) in page


def test_I13_a_photo_is_shown_after_its_line_in_the_trail_and_never_cached(case, desk):
    photo = case.entry.receipts.get().photos.get()

    answer = desk(Role.REVIEWER).get(reverse("admin:receipts_receipt_photo", args=[photo.public_id]))

    assert answer.content == COVERED
    assert "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.get(action="photo.viewed").subject_id == str(photo.public_id)


def test_I13_the_original_is_shown_for_a_reason_that_stands_in_the_trail(case, desk):
    photo = case.entry.receipts.get().photos.get()
    address = reverse("admin:receipts_receipt_original", args=[photo.public_id])
    reviewer = desk(Role.REVIEWER)

    asked, refused = reviewer.get(address), reviewer.post(address, {"reason": " "})
    assert JPEG not in asked.content + refused.content
    assert not AuditEntry.objects.filter(action="photo.revealed").exists()

    answer = reviewer.post(address, {"reason": "会員番号を確かめるため"})
    assert answer.content == JPEG
    assert "no-store" in answer["Cache-Control"]
    line = AuditEntry.objects.get(action="photo.revealed")
    assert (line.subject_id, line.reason) == (str(photo.public_id), "会員番号を確かめるため")


def test_who_only_reads_gets_no_original(case, desk):
    photo = case.entry.receipts.get().photos.get()
    address = reverse("admin:receipts_receipt_original", args=[photo.public_id])

    assert desk(Role.SUPPORT).post(address, {"reason": "いつもの確認"}).status_code == 404


def test_a_purged_photo_is_no_longer_there_and_its_receipt_says_so(case, operator):
    receipt = case.entry.receipts.get()
    receipt.photos.update(purged_at=timezone.now())
    photo = receipt.photos.get()

    assert operator.get(reverse("admin:receipts_receipt_photo", args=[photo.public_id])).status_code == 404
    assert "保存期間が過ぎたため削除しました" in operator.get(row_url(receipt)).content.decode()


def test_F06_a_receipt_set_aside_is_found_by_its_cause_and_read_again(case, desk):
    receipt = case.entry.receipts.get()
    Receipt.objects.update(status="failed", failure="memory", attempts=3)
    address = reverse("admin:receipts_receipt_read_again", args=[receipt.pk])
    operator = desk(Role.OPERATOR)

    listed = operator.get(list_url("receipts.receipt"), {"failure__exact": "memory"}).content.decode()
    assert row_url(receipt) in listed
    assert "メモリー" in listed
    assert desk(Role.SUPPORT).post(address).status_code == 403
    assert "もう一度読み取りますか" in operator.get(address).content.decode()

    operator.post(address)

    receipt.refresh_from_db()
    assert (receipt.status, receipt.attempts, receipt.failure) == ("uploaded", 0, "")


def test_T12_what_entrants_wrote_is_shown_as_text(case, operator):
    receipt = case.entry.receipts.get()
    receipt.store_name = "<script>alert(1)</script>"
    receipt.save()

    page = operator.get(row_url(case)).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_whoever_opens_a_case_has_it_and_others_are_told(case, operator, desk):
    operator.get(row_url(case))

    page = desk(Role.REVIEWER).get(row_url(case)).content.decode()
    queue = desk(Role.REVIEWER).get(list_url("eligibility.reviewcase")).content.decode()

    case.refresh_from_db()
    assert case.claimed_by_id == int(operator.session["_auth_user_id"])
    assert "ほかの審査者が担当中です。" in page
    assert 'value="eligible"' not in page
    assert str(case.claimed_by) in queue


def test_a_case_put_back_is_free(case, operator):
    operator.get(row_url(case))

    answer = operator.post(row_url(case), {"release": "1"})

    case.refresh_from_db()
    assert (answer["Location"], case.claimed_by) == (list_url("eligibility.reviewcase"), None)


def test_the_queue_is_narrowed_and_worked_by_what_stands_in_the_address(case, agency, operator):
    now = timezone.now()
    late, dear = (ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency) for _number in range(2))
    ReviewCase.objects.filter(pk=late.pk).update(due_at=now - timedelta(hours=1), value_jpy=100)
    ReviewCase.objects.filter(pk=dear.pk).update(value_jpy=5000, risk=40, due_at=now + timedelta(hours=9))

    page = operator.get(list_url("eligibility.reviewcase") + "?only=overdue").content.decode()
    to_next = reverse("admin:eligibility_reviewcase_next")

    assert row_url(late) in page
    assert row_url(dear) not in page
    assert "期限超過 <b>1</b>" in page
    assert operator.get(to_next)["Location"] == row_url(case)
    assert operator.get(to_next + "?by=value")["Location"] == row_url(dear) + "?by=value"
    assert operator.get(to_next + "?only=overdue")["Location"] == row_url(late) + "?only=overdue"


def test_a_case_of_the_sample_is_decided_by_two_who_do_not_know_of_each_other(case, operator, desk, member):
    set_policy(campaign_id=case.campaign_id, due_hours=24, second_share=100, actor_id=member().pk, now=timezone.now())
    operator.get(row_url(case))
    told = operator.post(
        row_url(case),
        posted(case, verdict="refused", refused_reason="store_not_included", note="店が違う"),
        follow=True,
    )
    second = desk(Role.REVIEWER)
    page = second.get(row_url(case)).content.decode()
    second.post(row_url(case), posted(case, verdict="eligible"))
    third = desk(Role.REVIEWER).get(row_url(case)).content.decode()
    senior = desk(Role.OPERATOR)
    disputed = senior.get(row_url(case)).content.decode()
    senior.post(row_url(case), posted(case, verdict="eligible"))

    case.entry.refresh_from_db()
    assert "もう1名が審査します" in told.content.decode()
    assert "店が違う" not in page
    assert "2名の判定が割れています" in third
    assert "店が違う" in disputed
    assert case.entry.status == EntryStatus.ACCEPTED


def test_doubt_proof_and_place_of_each_figure_are_shown(case, operator):
    receipt = case.entry.receipts.get()
    place = {"photo": 0, "polygon": [[10, 20], [110, 20], [110, 50], [10, 50]]}
    total = {"value": "1280", "confidence": 0.6, "region": place, "proofs": ["tax_of_total"]}
    receipt.reading = {"fields": {"total": total}, "items": []}
    receipt.save()

    page = operator.get(row_url(case)).content.decode()

    assert "⚠ 読取の確かさ 60% ✓合計と税額" in page
    assert 'data-field="id_figures-total_jpy"' in page
    assert 'x="10"' in page
    assert 'height="30"' in page


def test_figures_of_look_alikes_are_marked_where_they_differ(case, operator):
    mine = case.entry.receipts.get()
    other = ReceiptFactory(
        entry__campaign=case.entry.campaign,
        telephone=mine.telephone,
        purchased_on=mine.purchased_on,
        total_jpy=mine.total_jpy,
        store_name="まるやまマート",
    )

    (row,) = [row for row in compared(mine, alikes(mine)) if row["mine"] == mine.store_name]

    assert row["theirs"] == [{"value": other.store_name, "differs": True}]


def test_a_line_named_as_a_product_is_learned_for_the_chain(case, operator):
    product = TargetProductFactory(campaign=case.campaign, name="みずひき緑茶 500ml")
    ReceiptLine.objects.update(name="ﾐｽﾞﾘﾖｸﾁﾔ")

    operator.post(row_url(case), posted(case, **{"lines-0-name": "ﾐｽﾞﾘﾖｸﾁﾔ", "lines-0-product": product.pk}))

    learned = PrintedForm.objects.get()
    assert (learned.form, learned.product.name) == ("ﾐｽﾞﾘﾖｸﾁﾔ", "みずひき緑茶 500ml")
    assert case.entry.receipts.get().corrected_by is None


def test_rules_of_review_are_set_by_operators_of_the_agency_only(case, operator, desk):
    url = reverse("admin:eligibility_reviewcase_policy", args=[case.campaign_id])
    foreign = reverse("admin:eligibility_reviewcase_policy", args=[ReviewCaseFactory().campaign_id])

    operator.post(url, {"due_hours": "6", "second_share": "20"})
    refused = operator.post(url, {"due_hours": "0", "second_share": "20"})

    policy = policy_of(case.campaign)
    assert (policy.due_hours, policy.second_share) == (6, 20)
    assert "1〜720時間" in refused.content.decode()
    assert operator.get(foreign).status_code == 404
    assert desk(Role.REVIEWER).post(url, {"due_hours": "9", "second_share": "0"}).status_code == 403
    assert "20" in operator.get(reverse("admin:eligibility_reviewcase_figures")).content.decode()


def test_the_sidebar_counts_waiting_cases_of_the_own_agency_only(case, operator):
    ReviewCaseFactory()

    page = operator.get(reverse("admin:index")).content.decode()

    assert "いちばん古いものは0時間待っています。" in page
    assert '<p class="number">\n            1<small>' in page
