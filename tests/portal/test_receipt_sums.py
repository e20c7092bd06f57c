"""合算 as the entrant sees it: what each receipt counted for, what is missing, and one more added."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models import EntryRule, RuleKind
from campaigns.services import freeze_rules
from participants.models import EntryStatus
from receipts.ocr.base import FieldReading, ItemReading, Region
from tests.flows.steps import jpeg, tea_reading
from tests.portal.phone import text_of, work

pytestmark = pytest.mark.django_db
PLACE = Region(0, ((20.0, 30.0), (120.0, 30.0), (120.0, 50.0), (20.0, 50.0)))


def bought(total, time, **changes):
    own = {"time": time, "receipt_no": time.replace(":", ""), "total": str(total), "tax": None} | changes
    return tea_reading(items=(ItemReading("ミズヒキ緑茶525ml", 1, total),), **own)


@pytest.fixture
def summing(campaigns):
    campaign = campaigns["green-tea"]
    rule = EntryRule.objects.get(group__campaign=campaign, kind=RuleKind.PURCHASE)
    rule.parameters |= {"receipts_at_most": 2}
    rule.save()
    freeze_rules(campaign_id=campaign.pk)
    return campaign


@pytest.fixture
def short(phone, summing):
    """An entry whose first receipt lacks 480 yen."""
    entry = phone.enter_with_receipt()
    work(bought(2020, "10:15"))
    return entry


def page_of(phone, entry) -> str:
    return text_of(phone.get(f"/e/{entry.public_id}/"))


def test_the_campaign_says_beforehand_that_receipts_are_added_up(phone, summing):
    assert "1回の応募で2枚まで" in text_of(phone.get("/c/green-tea/"))


def test_what_is_missing_is_shown_and_one_more_receipt_wins_without_filling_in_again(phone, short):
    page = page_of(phone, short)
    assert "あと 480円 分" in page
    assert "2,500円のうち、2,020円が対象です" in page
    assert "あと1枚追加できます" in page

    step = text_of(phone.get(f"/e/{short.public_id}/receipt/"))
    assert "新しいレシートは、これらに追加されます。" in step
    assert phone.upload(short, jpeg(90))["Location"].endswith("/confirm/")
    assert "未送信" in page_of(phone, short)
    assert phone.send(f"/e/{short.public_id}/confirm/").status_code == 302
    work(bought(480, "18:40"))

    short.refresh_from_db()
    assert short.status == EntryStatus.ACCEPTED
    assert "金額の条件に届きました" in page_of(phone, short)


def test_a_receipt_that_does_not_count_says_why_on_its_own_photo_and_is_replaced_alone(phone, short):
    phone.upload(short, jpeg(90))
    phone.send(f"/e/{short.public_id}/confirm/")
    old = bought(480, "18:40", date="2026-01-05")
    work(replace(old, fields={**old.fields, "date": FieldReading("2026-01-05", 0.99, PLACE)}))

    out = short.receipts.latest("pk")
    whole = phone.get(f"/e/{short.public_id}/").content.decode()
    assert "購入期間" in whole
    assert '<polygon points="20,30 120,30 120,50 20,50" />' in whole
    assert f"/photo/1/?receipt={out.public_id}" in whole
    assert "2枚まで送信済みです" in text_of(phone.get(f"/e/{short.public_id}/"))
    assert phone.get(f"/e/{short.public_id}/photo/1/?receipt={out.public_id}").status_code == 200

    full = phone.upload(short, jpeg(91))
    assert (full.status_code, "これ以上レシートを追加できません" in text_of(full)) == (422, True)

    step = f"/e/{short.public_id}/receipt/?instead={out.public_id}"
    assert "レシート2の差し替え" in text_of(phone.get(step))
    phone.send(step, {"photos": SimpleUploadedFile("a.jpg", jpeg(92))})
    phone.send(f"/e/{short.public_id}/confirm/")
    work(bought(480, "19:00"))
    short.refresh_from_db()
    assert (short.status, short.receipts.exclude(status="replaced").count()) == (EntryStatus.ACCEPTED, 2)


def test_after_the_entry_period_the_page_offers_no_further_receipt(phone, short, noon, summing):
    noon.move_to(summing.entry_closes_at - timedelta(seconds=1))
    assert "レシートを追加する" in page_of(phone, short)

    noon.move_to(summing.entry_closes_at)
    page = page_of(phone, short)
    assert ("レシートを追加する" in page, "応募期間が終わったため" in page) == (False, True)
    assert phone.upload(short, jpeg(90)).status_code == 403


def test_nobody_else_sees_a_receipt_of_the_sum(phone, other_phone, short):
    receipt = short.receipts.get()

    assert other_phone.get(f"/e/{short.public_id}/photo/1/?receipt={receipt.public_id}").status_code == 404
    assert phone.get(f"/e/{short.public_id}/photo/1/?receipt={short.public_id}").status_code == 404
