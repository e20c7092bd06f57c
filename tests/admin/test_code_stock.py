"""Codes come in by a wizard that stores nothing before it was confirmed; no page ever shows one."""

import re

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.models import Prize, PrizeKind
from codes.models import Award, BatchStatus, CodeBatch, CodeJob, CodeStatus, GiftCode
from codes.services.fetched_stock import pause_batch
from codes.services.jobs import run_job
from core import clock
from distribution.models import DeliveryStatus
from tests.admin.registry import IN_AGENCY, list_url, make_row, row_url
from tests.factories import (
    NOW,
    AwardFactory,
    CodeBatchFactory,
    FetchedBrandFactory,
    GiftCodeFactory,
    PrizeFactory,
    UserFactory,
)
from tests.worlds import stock_fetched

CSV = b"code,pin\nCANARY-AAAA-1111,9901\nCANARY-BBBB-2222,9902\n"
IMPORT = "admin:codes_codebatch_import_file"


@pytest.fixture(autouse=True)
def empty_shelf():
    """Files of other tests are none of ours."""
    if default_storage.exists("held"):
        for name in default_storage.listdir("held")[1]:
            default_storage.delete(f"held/{name}")


@pytest.fixture
def prize(agency):
    return PrizeFactory(course__campaign__sponsor__agency=agency, face_value_jpy=500)


def upload(client, prize, data=CSV, **changes):
    form = {"prize": prize.pk, "name": "第1回", "file": SimpleUploadedFile("codes.csv", data), **changes}
    return client.post(reverse(IMPORT), form)


def checked(client, prize, data=CSV, **changes):
    """Upload a file, let the worker look through it, and open the page of the check."""
    page = upload(client, prize, data, **changes)
    return client.get(worked(page["Location"]))


def worked(url):
    job = CodeJob.objects.latest("pk")
    assert url == row_url(job)
    run_job(job_id=job.pk, now=clock.now())
    return url


def imported(client, prize, data=CSV, **changes):
    """Bring a file in by the desk's three steps."""
    checked(client, prize, data, **changes)
    check = CodeJob.objects.latest("pk")
    worked(client.post(reverse("admin:codes_codejob_import_file", args=[check.pk]))["Location"])
    return CodeBatch.objects.latest("pk")


def test_the_check_says_what_would_happen_and_stores_no_code(prize, operator):
    text = checked(operator, prize).content.decode()

    assert "2件を在庫に入れられます。額面の合計は1,000円です。" in text
    assert "この内容で取り込む" in text
    assert not GiftCode.objects.exists()


def test_the_checked_file_becomes_a_staged_batch_and_is_no_longer_held(prize, operator):
    batch = imported(operator, prize, expires_at_0="2027-03-31", expires_at_1="23:59")

    assert (batch.status, batch.code_count, batch.expires_at.isoformat()) == (
        BatchStatus.STAGED,
        2,
        "2027-03-31T15:00:00+00:00",
    )
    assert default_storage.listdir("held")[1] == []
    assert row_url(batch) in operator.get(row_url(CodeJob.objects.latest("pk"))).content.decode()


def test_a_check_is_read_in_once_and_only_within_its_agency(prize, operator):
    checked(operator, prize)
    check = CodeJob.objects.get()
    url = reverse("admin:codes_codejob_import_file", args=[check.pk])
    stranger = Client()
    stranger.force_login(UserFactory(is_staff=True))

    refused = stranger.post(url).status_code
    first = operator.post(url)["Location"]
    again = operator.post(url)

    assert refused in (302, 403, 404)
    assert first == row_url(CodeJob.objects.latest("pk"))
    assert again.status_code == 403
    assert CodeJob.objects.count() == 2


def test_rows_with_problems_are_named_by_number_and_nothing_can_be_confirmed(prize, operator):
    GiftCodeFactory(batch__prize=prize, code="CANARYBBBB2222")
    bad = CSV + b"CANARY-AAAA-1111,1\n1.2E+15,2\n"

    text = checked(operator, prize, bad).content.decode()

    check = CodeJob.objects.get()
    file = b"".join(operator.get(reverse("admin:codes_codejob_problems", args=[check.pk]))).decode()
    rows = [line.split(",") for line in file.splitlines()[1:]]
    assert sorted((row, tail) for row, _what, tail in rows if row != "5") == [("3", "2222"), ("4", "1111")]
    assert "5" in {row for row, _what, _tail in rows}
    assert "入荷済みのコードです" in text
    assert "ファイルの中で重複しています" in text
    assert "表計算ソフトで壊れています" in text
    assert "この内容で取り込む" not in text
    assert "CANARY" not in text + file
    assert operator.post(reverse("admin:codes_codejob_import_file", args=[check.pk])).status_code == 403


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"name\nx\n", "「code」または「コード」の列がありません"),
        (b"\x81\x00\xff", "UTF-8・Shift_JIS・UTF-16"),
        (b"code\n", "コードがありません"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained_on_the_page_of_its_check(data, sentence, prize, operator):
    assert sentence in checked(operator, prize, data).content.decode()


def test_a_batch_goes_into_stock_after_a_question_in_numbers(prize, operator):
    batch = imported(operator, prize)
    url = reverse("admin:codes_codebatch_activate", args=[batch.pk])

    asked = operator.get(url).content.decode()
    batch.refresh_from_db()
    untouched = batch.status
    operator.post(url)

    batch.refresh_from_db()
    assert "1,000円" in asked
    assert (untouched, batch.status) == (BatchStatus.STAGED, BatchStatus.ACTIVE)
    assert set(batch.gift_codes.values_list("status", flat=True)) == {CodeStatus.AVAILABLE}


def test_a_staged_batch_is_discarded_with_a_reason(prize, operator):
    batch = imported(operator, prize)
    url = reverse("admin:codes_codebatch_discard", args=[batch.pk])

    operator.post(url, {})
    without = CodeBatch.objects.get().status
    operator.post(url, {"reason": "額面違い"})

    batch.refresh_from_db()
    assert (without, batch.status) == (BatchStatus.STAGED, BatchStatus.DISCARDED)


def test_own_codes_are_made_as_a_staged_batch_of_their_form_and_purpose(prize, operator):
    form = {"prize": prize.pk, "name": "自社", "count": "3", "code_format": "digits", "purpose": "print"}
    bought = operator.post(reverse("admin:codes_codebatch_generate"), form)
    Prize.objects.filter(pk=prize.pk).update(kind=PrizeKind.OWN_CODE)

    asked = operator.get(reverse("admin:codes_codebatch_generate")).content.decode()
    worked(operator.post(reverse("admin:codes_codebatch_generate"), form)["Location"])

    batch = CodeBatch.objects.get()
    assert (bought.status_code, bought.context["question"].form.errors.keys()) == (200, {"prize"})
    assert "推測されやすい" in asked
    assert (batch.status, batch.gift_codes.count(), batch.code_format, batch.purpose) == (
        BatchStatus.STAGED,
        3,
        "digits",
        "print",
    )


def test_a_code_is_blocked_with_a_reason_and_only_once(agency, operator):
    code = make_row("codes.giftcode", agency)
    url = reverse("admin:codes_giftcode_void", args=[code.pk])

    operator.post(url, {"reason": "誤発注"})

    code.refresh_from_db()
    assert code.status == CodeStatus.VOID
    assert operator.get(url).status_code == 403


def test_an_award_is_withdrawn_and_its_code_blocked(agency, operator):
    award = make_row("codes.award", agency)

    operator.post(reverse("admin:codes_award_void", args=[award.pk]), {"reason": "不正応募"})

    award.refresh_from_db()
    award.gift_code.refresh_from_db()
    assert award.voided_at is not None
    assert award.gift_code.status == CodeStatus.VOID


def test_an_award_is_freed_of_its_holder_after_a_question_and_with_a_reason(agency, operator):
    award = make_row("codes.award", agency)
    Award.objects.update(bound_at=NOW, device_digest="d" * 64)
    url = reverse("admin:codes_award_unbind", args=[award.pk])

    asked = operator.get(url).content.decode()
    operator.post(url, {"reason": ""})
    award.refresh_from_db()
    assert "端末" in asked
    assert award.bound_at == NOW

    operator.post(url, {"reason": "機種変更"})
    award.refresh_from_db()
    assert (award.bound_at, award.device_digest) == (None, "")
    assert operator.get(url).status_code == 403


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"source": "generated"}, "コードは作成済みです。まだ配布されません。"),
        ({"source": "generated", "purpose": "print"}, "コードは作成済みです。在庫に入れるまで、店頭では使えません。"),
        ({"source": "imported"}, "コードは確認のうえ取り込み済みです。まだ配布されません。"),
    ],
)
def test_a_batch_before_its_activation_says_where_it_stands(agency, operator, details, words):
    batch = CodeBatchFactory(status="staged", prize__course__campaign__sponsor__agency=agency, **details)

    assert words in operator.get(row_url(batch)).content.decode()


def test_a_code_that_nobody_saw_is_reissued_after_a_preview(agency, operator):
    delivery = make_row("distribution.delivery", agency)
    award = delivery.award
    GiftCodeFactory.create(batch__prize=award.prize)
    url = reverse("admin:distribution_delivery_reissue", args=[delivery.pk])

    asked = operator.get(url).content.decode()
    assert "500円" in asked
    assert "残りの在庫" in asked
    operator.post(url, {"reason": "誤送信"})

    award.refresh_from_db()
    assert award.voided_at is not None
    assert award.replaced_by.delivery.status == DeliveryStatus.QUEUED
    assert operator.get(url).status_code == 403
    shown = delivery.__class__.objects.get(award=award.replaced_by)
    Award.objects.filter(pk=award.replaced_by.pk).update(revealed_at=NOW)
    refused = reverse("admin:distribution_delivery_reissue", args=[shown.pk])
    answers = [operator.get(refused), operator.post(refused, {"reason": "もう一度"})]
    for answer in answers:
        assert "このコードは再発行できません" in answer.content.decode()
        assert "当選者がメッセージをなくしたときは、再送してください。" in answer.content.decode()
        assert "1件を再発行する" not in answer.content.decode()
    assert Award.objects.count() == 2
    assert row_url(award.replaced_by) in operator.get(row_url(award)).content.decode()
    assert "再発行済み" in operator.get(list_url("codes.award")).content.decode()


@pytest.mark.parametrize("label", sorted(IN_AGENCY))
def test_I12_no_page_shows_a_code_a_contact_or_a_sealed_value(label, agency, operator, admin_client):
    award = AwardFactory(
        result__entry__campaign__sponsor__agency=agency,
        gift_code__code="SECRETCANARY0001",
        gift_code__pin_ciphertext="v1:pin-canary",
    )
    row = award.gift_code if label == "codes.giftcode" else award if label == "codes.award" else make_row(label, agency)

    for client in (operator, admin_client):
        pages = [client.get(url) for url in (list_url(label), row_url(row))]
        text = "".join(page.content.decode() for page in pages)
        assert "SECRETCANARY" not in text
        assert award.gift_code.code_ciphertext not in text
        assert "pin-canary" not in text
        assert "@example.jp" not in re.sub(r"ta\*+@example\.jp", "", text)


def test_codes_are_ordered_from_a_supplier_beside_the_deposit(prize, operator, supplier_server):
    supplier_server.funds = 12_345
    url = reverse("admin:codes_codebatch_fetch")
    nothing_to_order = operator.get(url).content.decode()
    Prize.objects.filter(pk=prize.pk).update(gift_brand=FetchedBrandFactory.create(), face_value_jpy=500)

    asked = operator.get(url).content.decode()
    operator.post(url, {"prize": prize.pk, "name": "Amazon 11月", "count": "25"})
    too_many = CodeBatch.objects.count()
    operator.post(url, {"prize": prize.pk, "name": "Amazon 11月", "count": "24"})

    batch = CodeBatch.objects.get()
    assert "発行元が都度発行するギフトブランドの賞品がありません" in nothing_to_order
    assert "12,345円" in asked
    assert (too_many, batch.source, batch.status, batch.gift_codes.count()) == (0, "fetched", BatchStatus.STAGED, 24)


def test_a_batch_held_back_is_todays_duty_and_goes_back_into_stock(prize, operator, supplier_server):
    Prize.objects.filter(pk=prize.pk).update(gift_brand=FetchedBrandFactory.create(), face_value_jpy=500)
    batch = stock_fetched(prize, 2)
    pause_batch(batch_id=batch.pk, reason="out_of_funds", now=clock.now())
    url = reverse("admin:codes_codebatch_resume", args=[batch.pk])
    assert operator.get(reverse("admin:codes_codebatch_release", args=[batch.pk])).status_code == 403

    today = operator.get(reverse("admin:index")).content.decode()
    asked = operator.get(url).content.decode()
    operator.post(url)

    batch.refresh_from_db()
    assert "発行が止まっている発行元" in today
    assert "オンデマンド: 発行元の預託金が足りなくなりました" in today
    assert "999,000円" in asked
    assert batch.status == BatchStatus.ACTIVE
    assert set(batch.gift_codes.values_list("status", flat=True)) == {CodeStatus.AVAILABLE}
    assert operator.get(url).status_code == 403
