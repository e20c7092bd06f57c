"""What an entrant sees of a refusal, what he can say against it, and what is answered."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from campaigns.models import Campaign, Mechanic
from eligibility.models import Appeal, Verdict
from eligibility.services import answer_appeal
from participants.models import EntryStatus, Identity
from participants.services import verify_identity
from receipts.models import Receipt, ReceiptPhoto
from receipts.ocr.base import FieldReading, Region
from tests.factories import NOW, DrawFactory, UserFactory
from tests.flows.steps import jpeg, tea_reading
from tests.portal.phone import text_of, work

pytestmark = pytest.mark.django_db
PLACE = Region(0, ((20.0, 30.0), (120.0, 30.0), (120.0, 50.0), (20.0, 50.0)))


def sent_back(phone):
    """An entry whose total is too small, and is found at PLACE."""
    entry = phone.enter_with_receipt()
    plain = tea_reading(total="1200")
    work(replace(plain, fields={**plain.fields, "total": FieldReading("1200", 0.99, PLACE, ("prepared",))}))
    return entry


def test_the_place_is_marked_on_the_photo_that_was_judged_and_on_no_later_one(phone, campaigns, noon):
    entry = sent_back(phone)
    page = phone.get(f"/e/{entry.public_id}/").content.decode()
    assert 'viewBox="0 0 256 384"' in page
    assert '<polygon points="20,30 120,30 120,50 20,50" />' in page
    assert "写真のどこのことかを示しています" in page

    noon.shift(timedelta(minutes=1))
    phone.upload(entry, jpeg(90))
    assert "<polygon" not in phone.get(f"/e/{entry.public_id}/").content.decode()


def test_no_place_is_marked_on_a_photo_that_was_deleted(phone, campaigns):
    entry = sent_back(phone)
    ReceiptPhoto.objects.update(purged_at=NOW)

    page = phone.get(f"/e/{entry.public_id}/").content.decode()

    assert ("<polygon" in page, f"/e/{entry.public_id}/photo/" in page) == (False, False)


def test_an_objection_is_taken_once_and_its_answer_is_shown(phone, other_phone, campaigns):
    entry = sent_back(phone)
    path = f"/e/{entry.public_id}/appeal/"
    assert "2026年12月6日(日) 11:59まで" in text_of(phone.get(path))
    assert other_phone.get(path).status_code == 404
    assert phone.send(path, {"text": "短い"}).status_code == 422

    assert phone.send(path, {"text": "別のレシートの合計も足してください。"}).status_code == 302
    waiting = text_of(phone.get(f"/e/{entry.public_id}/"))
    assert "2026年11月29日(日) 12:00までに" in waiting
    assert phone.get(path).status_code == 302  # no second one

    answer_appeal(
        appeal_id=Appeal.objects.get().pk,
        verdict=Verdict.ELIGIBLE,
        reason_code="",
        message="合計を確かめました。",
        actor_id=UserFactory().pk,
        now=NOW,
    )
    work()
    phone.verify(entry)
    work()
    entry.refresh_from_db()
    assert entry.status == EntryStatus.WON
    assert "合計を確かめました。" in text_of(phone.get(f"/e/{entry.public_id}/"))


def test_after_its_time_the_page_says_that_an_objection_is_too_late(phone, campaigns, noon):
    entry = sent_back(phone)
    noon.shift(timedelta(days=14))

    assert "受付は2026年12月6日(日) 11:59に終了しました" in text_of(phone.get(f"/e/{entry.public_id}/"))
    assert phone.get(f"/e/{entry.public_id}/appeal/").status_code == 302
    assert Appeal.objects.count() == 0


def test_a_hopeless_photo_is_told_at_once_and_may_be_kept_all_the_same(phone, campaigns):
    entry = phone.start("green-tea")

    answer = phone.upload(entry, dark())

    assert answer["Location"] == f"/e/{entry.public_id}/receipt/"
    assert ReceiptPhoto.objects.get().trouble == "too_dark"
    assert "写真が暗すぎて読み取れません" in text_of(phone.get(answer["Location"]))
    kept = phone.send(f"/e/{entry.public_id}/receipt/", {"keep": "1"})
    assert kept["Location"] == f"/e/{entry.public_id}/contact/"


@pytest.mark.usefixtures("one_window")
def test_photos_are_taken_so_many_times_for_one_entry(phone, campaigns, settings):
    settings.RECEIPT_TRIES_PER_ENTRY = 1
    entry = phone.start("green-tea")
    phone.upload(entry)

    answer = phone.upload(entry, jpeg(90))

    assert answer.status_code == 429
    assert "お問い合わせ" in text_of(answer)
    assert Receipt.objects.count() == 1


def dark() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 480), (20, 20, 20)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_who_is_accepted_after_the_draw_reads_what_happens_next(phone, campaigns):
    entry = phone.enter_with_receipt()
    Campaign.objects.filter(pk=entry.campaign_id).update(mechanic=Mechanic.LATER)
    work()
    identity = Identity.objects.filter(participant=entry.participant_id).latest("pk")
    verify_identity(identity_id=identity.pk, now=NOW)
    before = text_of(phone.get(f"/e/{entry.public_id}/"))
    draw = DrawFactory(campaign=entry.campaign, status="drawn", drawn_at=NOW, seed="5a" * 32)
    after = text_of(phone.get(f"/e/{entry.public_id}/"))
    draw.delete()

    assert "の締め切りのあとに行います" in before
    assert "この後の流れ" not in before
    assert "2026年11月22日(日) 12:00に行われました" in after
    assert "ほかの方と同じ当選確率で" in after
