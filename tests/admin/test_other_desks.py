"""Keys, stores, lists of numbers, people, deliveries and draws: what each button does, and that it asks first."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiKey, AuditEntry, Membership, Role
from accounts.selectors import live_api_key
from campaigns.models import CampaignStatus, Mechanic
from campaigns.selectors import check_store_pin, store_by_number
from campaigns.services import set_store_pin
from core.qr import qr_svg
from distribution.models import DeliveryAttempt, DeliveryChannel, DeliveryStatus
from draws.models import Draw
from eligibility.models import ReferenceList, ReferenceNumber, Serial, SerialBatch
from participants.models import EntryStatus, TouchKind
from tests.admin.registry import list_url, make_row, row_url
from tests.factories import (
    CampaignFactory,
    EntryFactory,
    GiftCodeFactory,
    IdentityFactory,
    PrizeCourseFactory,
    PrizeFactory,
    UserFactory,
)


def test_T17_a_key_is_shown_once_and_works(agency, operator):
    form = {"agency": agency.pk, "name": "POS連携", "scopes": ["redemptions:write"], "allowed_addresses": "192.0.2.1\n"}

    answer = operator.post(reverse("admin:accounts_apikey_add"), form)

    shown = re.search(r"mzk_[0-9a-f]{8}_[\w-]+", answer.content.decode())
    key = ApiKey.objects.get()
    assert shown
    assert "no-store" in answer["Cache-Control"]
    assert live_api_key(presented=shown.group(), address="192.0.2.1", now=timezone.now()) == key
    assert (key.scopes, key.allowed_addresses) == (["redemptions:write"], ["192.0.2.1"])
    assert shown.group() not in operator.get(row_url(key)).content.decode()


def test_a_key_is_revoked_after_a_question(agency, operator):
    key = make_row("accounts.apikey", agency)
    url = reverse("admin:accounts_apikey_revoke", args=[key.pk])

    operator.get(url)
    key.refresh_from_db()
    untouched = key.revoked_at
    operator.post(url)

    key.refresh_from_db()
    assert untouched is None
    assert key.revoked_at is not None


def test_a_store_gets_its_pin_and_a_simple_one_is_refused(agency, operator):
    store = make_row("campaigns.store", agency)
    url = reverse("admin:campaigns_store_set_pin", args=[store.pk])

    refused = operator.post(url, {"pin": "111111"}, follow=True).content.decode()
    operator.post(url, {"pin": "246810"})

    assert "PINは6〜12桁の数字で" in refused
    assert check_store_pin(store_by_number(code=store.code), "246810") == store
    assert "246810" not in operator.get(row_url(store)).content.decode()


def test_a_stores_sheet_leads_its_phones_to_its_own_agency_and_says_no_pin(agency, operator, settings):
    settings.PUBLIC_URL = "https://gift.example.jp"
    store = make_row("campaigns.store", agency)
    url = reverse("admin:campaigns_store_staff_sheet", args=[store.pk])

    without = operator.get(url).content.decode()
    set_store_pin(store_id=store.pk, pin="246810")
    page = operator.get(url).content.decode()

    address = f"https://gift.example.jp/staff/at/{agency.slug}/?store={store.code}"
    assert address in page
    assert qr_svg(address) in page
    assert ("PINはまだありません" in without, "PINはまだありません" in page, "246810" in page) == (True, False, False)


def test_a_membership_made_by_a_superuser_gives_its_rights_at_once(agency, admin_client, client):
    user = UserFactory()

    admin_client.post(
        reverse("admin:accounts_membership_add"), {"user": user.pk, "agency": agency.pk, "role": Role.REVIEWER}
    )
    client.force_login(user)
    as_reviewer = client.get(list_url("eligibility.reviewcase")).status_code
    membership = Membership.objects.get(user=user)
    admin_client.post(reverse("admin:accounts_membership_delete", args=[membership.pk]), {"post": "yes"})

    assert as_reviewer == 200
    assert client.get(list_url("eligibility.reviewcase")).status_code == 403


def upload(client, label, campaign, data, **changes):
    form = {"campaign": campaign.pk, "name": "名簿", "uses_allowed": "1", "label": "会員番号", **changes}
    name = f"admin:{label.replace('.', '_')}_import"
    page = client.post(reverse(f"{name}_file"), {**form, "file": SimpleUploadedFile("list.csv", data)}).content.decode()
    plan = re.search(r'name="plan" value="([^"]+)"', page)
    return page, reverse(f"{name}_confirm"), plan and plan.group(1)


@pytest.mark.parametrize(
    ("label", "model", "rows"),
    [("eligibility.serialbatch", SerialBatch, Serial), ("eligibility.referencelist", ReferenceList, ReferenceNumber)],
)
def test_a_list_is_tried_first_and_stored_when_confirmed(label, model, rows, agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)

    page, confirm, plan = upload(operator, label, campaign, "会員番号\nAB-1001\nＡＢ１００２\n".encode("cp932"))
    tried = (model.objects.count(), rows.objects.count())
    operator.post(confirm, {"plan": plan})

    assert "使える番号" in page
    assert tried == (0, 0)
    assert (model.objects.get().campaign, rows.objects.count()) == (campaign, 2)


@pytest.mark.parametrize("label", ["eligibility.serialbatch", "eligibility.referencelist"])
def test_rows_of_a_list_that_cannot_be_used_are_named(label, agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)

    page, _confirm, plan = upload(operator, label, campaign, b"number\nAB1001\n\nAB-1001\nxx\n")

    assert plan is None
    assert "4行目: ファイルの中で重複しています。" in page  # as a text editor counts
    assert "5行目: 番号の形ではありません" in page


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "ファイルの中身が空でした"),
        (b"number\n", "ファイルに行がありません"),
        (b"PK\x03\x04 a spreadsheet", "圧縮ファイルです"),
        (b"AB1001\n\xff\x00\x81\n", "文字コードが"),
        (b'AB1001\n"AB1002\nAB1003\n', "2行目: "),
    ],
)
def test_a_file_of_numbers_that_cannot_be_read_is_told_why(data, told, agency, operator):
    page, _confirm, plan = upload(operator, "eligibility.serialbatch", CampaignFactory(sponsor__agency=agency), data)

    assert plan is None
    assert told in page
    assert not SerialBatch.objects.exists()


def test_numbers_of_a_spreadsheet_s_text_file_are_read(agency, operator):
    data = "コード,備考\nAB1001,x\nAB1002,y\n".encode("utf-16")

    _page, confirm, plan = upload(operator, "eligibility.serialbatch", CampaignFactory(sponsor__agency=agency), data)
    operator.post(confirm, {"plan": plan})

    assert Serial.objects.count() == 2


def test_serial_codes_are_made_in_the_number_asked_for(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)
    form = {"campaign": campaign.pk, "name": "第1版", "count": "5", "uses_allowed": "2"}

    operator.post(reverse("admin:eligibility_serialbatch_generate"), form)

    assert list(Serial.objects.values_list("campaign", "uses_allowed")) == [(campaign.pk, 2)] * 5


def test_a_person_is_found_by_a_whole_address_only(agency, operator):
    identity = IdentityFactory(participant__agency=agency, value="taro@example.jp")
    url, page = list_url("participants.participant"), row_url(identity.participant)

    found = operator.get(url, {"q": " Taro@Example.jp "}).content.decode()
    part = operator.get(url, {"q": "taro"}).content.decode()

    assert page in found
    assert page not in part


def test_a_persons_story_is_on_one_page_and_opening_it_leaves_a_line(agency, desk):
    delivery = make_row("distribution.delivery", agency)
    person = delivery.entry.participant

    page = desk(Role.SUPPORT).get(row_url(person)).content.decode()

    assert delivery.entry.campaign.title in page
    assert row_url(delivery.award) in page
    assert "ta***@example.jp" in page
    assert AuditEntry.objects.filter(action="participant.viewed", subject_id=str(person.public_id)).count() == 1


def test_a_note_stands_in_the_timeline(agency, desk):
    person = make_row("participants.participant", agency)
    client = desk(Role.SUPPORT)

    client.post(reverse("admin:participants_participant_note", args=[person.pk]), {"note": "電話で案内しました"})

    assert person.touches.get().kind == TouchKind.NOTE
    assert "電話で案内しました" in client.get(row_url(person)).content.decode()


def test_messages_are_found_by_the_number_on_the_notice_and_name_where_they_went(agency, operator):
    delivery, other = make_row("distribution.delivery", agency), make_row("distribution.delivery", agency)
    type(delivery).objects.update(identity=None)  # as long as nothing binds a message to one contact
    identity = IdentityFactory(participant=delivery.entry.participant)
    DeliveryAttempt.objects.create(delivery=delivery, number=1, channel=DeliveryChannel.EMAIL, identity=identity)

    for typed in (delivery.award.notice_number, str(delivery.award.public_id), str(delivery.entry.public_id)[:8]):
        page = operator.get(list_url("distribution.delivery"), {"q": typed}).content.decode()
        assert row_url(delivery) in page
        assert row_url(other) not in page
        assert identity.masked in page
    assert row_url(delivery) not in operator.get(list_url("distribution.delivery"), {"q": "なし"}).content.decode()
    assert f"{identity.masked}: " in operator.get(row_url(delivery.entry)).content.decode()


@pytest.mark.parametrize("address", ["distribution/delivery/1/reissue/", "nothing/"])
def test_an_operator_who_may_not_or_went_astray_is_led_back_to_the_desk(operator, address):
    answer = operator.get(f"/admin/{address}")

    page = answer.content.decode()
    assert answer.status_code in (403, 404)
    assert f'href="{reverse("admin:index")}"' in page
    assert "マイページ" not in page


def test_a_failed_delivery_is_sent_again_after_a_question(agency, desk):
    delivery = make_row("distribution.delivery", agency)
    type(delivery).objects.filter(pk=delivery.pk).update(status=DeliveryStatus.FAILED)
    client, url = desk(Role.SUPPORT), reverse("admin:distribution_delivery_resend", args=[delivery.pk])

    client.get(url)
    delivery.refresh_from_db()
    untouched = delivery.status
    client.post(url)

    delivery.refresh_from_db()
    assert (untouched, delivery.status) == (DeliveryStatus.FAILED, DeliveryStatus.QUEUED)


@pytest.fixture
def closed(agency):
    """A closed campaign with three accepted entries and two codes for two winners."""
    campaign = CampaignFactory(sponsor__agency=agency, mechanic=Mechanic.LATER, status=CampaignStatus.CLOSED)
    prize = PrizeFactory(course=PrizeCourseFactory(campaign=campaign, total_cap=2), face_value_jpy=3000)
    for _number in range(2):
        GiftCodeFactory(batch__prize=prize)
    for _number in range(3):
        entry = EntryFactory(campaign=campaign, status=EntryStatus.ACCEPTED)
        IdentityFactory(participant=entry.participant)
    return campaign


def test_a_draw_is_shown_in_numbers_and_held_once(closed, operator):
    url = reverse("admin:draws_draw_run", args=[closed.pk])

    asked = operator.get(url).content.decode()
    nothing_yet = Draw.objects.exists()
    operator.post(url, {"expected": "3"})
    again = operator.post(url, {"expected": "3"}, follow=True).content.decode()

    draw = Draw.objects.get()
    assert "当選2名（在庫2件）6,000円" in asked
    assert "2名を抽選して賞品を送る" in asked
    assert not nothing_yet
    assert (draw.candidate_count, draw.winner_count) == (3, 2)
    assert "すでに抽選済みです。" in again


def test_a_draw_whose_entries_changed_since_the_preview_is_not_held(closed, operator):
    operator.post(reverse("admin:draws_draw_run", args=[closed.pk]), {"expected": "2"})

    assert not Draw.objects.filter(drawn_at__isnull=False).exists()


def test_the_draw_desk_and_today_name_the_campaign_that_waits(closed, operator):
    url = reverse("admin:draws_draw_run", args=[closed.pk])

    assert url in operator.get(list_url("draws.draw")).content.decode()
    assert url in operator.get(reverse("admin:index")).content.decode()


def test_today_names_low_stock_troubled_deliveries_drafts_and_what_moves_soon(agency, operator):
    CampaignFactory(sponsor__agency=agency, title="下書きの企画")
    ending = timezone.now() + timedelta(days=1)
    CampaignFactory(
        sponsor__agency=agency, title="もうすぐ終わる企画", status=CampaignStatus.OPEN, entry_closes_at=ending
    )
    PrizeFactory(
        name="空の賞品", course__campaign__sponsor__agency=agency, course__campaign__status=CampaignStatus.OPEN
    )
    delivery = make_row("distribution.delivery", agency)
    type(delivery).objects.filter(pk=delivery.pk).update(status=DeliveryStatus.UNKNOWN)

    page = operator.get(reverse("admin:index")).content.decode()

    assert "下書きの企画: 足りないもの3件" in page
    assert "もうすぐ終わる企画: " in page
    assert "空の賞品" in page
    assert "残り0件" in page
    assert "届いていない配信" in page
