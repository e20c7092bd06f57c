"""Codes written out at the desk: asked for, confirmed by a colleague, opened by the two (T12, T16, T21, I13)."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Role
from campaigns.models import Prize, UseConditions
from codes.models import BatchPurpose, CodeBatch, CodeJob, JobStatus
from codes.sealing import open_column
from codes.services import activate_batch, approve_export, generate_codes, hold_batch, request_export, run_job
from core import clock
from core.clock import JST
from tests.factories import PrizeFactory, UserFactory


@pytest.fixture
def prize(agency) -> Prize:
    return PrizeFactory(course__campaign__sponsor__agency=agency, kind="own_code", name="<b>500円</b>券")


@pytest.fixture
def batch(prize) -> CodeBatch:
    return own_batch(prize)


@pytest.fixture
def colleague(desk) -> Client:
    return desk(Role.OPERATOR)


def own_batch(prize: Prize, count: int = 12) -> CodeBatch:
    return generate_codes(
        prize_id=prize.pk, name="店頭用", count=count, expires_at=None, now=clock.now(), purpose=BatchPurpose.PRINT
    )


def at(name: str, *args: int) -> str:
    return reverse(f"admin:codes_codebatch_{name}", args=args)


def asked(client: Client, batch: CodeBatch, form: str = "vouchers") -> CodeJob:
    client.post(at("export_codes", batch.pk), {"form": form, "symbology": "code128", "reason": "店頭で配るため"})
    return CodeJob.objects.latest("pk")


def done(operator: Client, colleague: Client, batch: CodeBatch, form: str) -> CodeJob:
    job = asked(operator, batch, form)
    colleague.post(at("export_decide", job.pk), {"answer": "yes"})
    run_job(job_id=job.pk, now=clock.now())
    return job


def body(response) -> str:
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def test_T21_the_second_person_sees_who_why_and_how_much_before_deciding(operator, colleague, batch):
    job = asked(operator, batch)

    own, other = (client.get(at("export", job.pk)).content.decode() for client in (operator, colleague))
    operator.post(at("export_decide", job.pk), {"answer": "yes"})
    job.refresh_from_db()

    assert job.status == JobStatus.WAITING
    for text in ("店頭で配るため", "6,000円", "12", str(job.requested_by)):
        assert text in other
    assert 'value="yes"' in other
    assert 'value="yes"' not in own
    assert "申請を取り下げる" in own
    assert "<b>500円</b>券" not in other  # T12


def test_T21_a_file_is_asked_for_confirmed_and_had_by_both(operator, colleague, batch):
    job = done(operator, colleague, batch, "file")

    page = colleague.get(at("export", job.pk)).content.decode()
    answers = [client.post(at("export_file", job.pk)) for client in (operator, colleague)]

    assert "あと23時間59分開けます" in page
    assert {"no-store" in answer["Cache-Control"] for answer in answers} == {True}
    assert answers[0]["Content-Disposition"].startswith("attachment")
    for answer in answers:
        text = body(answer)
        assert all(open_column(code, "code") in text for code in batch.gift_codes.all())
    assert AuditEntry.objects.filter(action="batch.export_downloaded").count() == 2
    assert str(job.requested_by) in operator.get(at("exports")).content.decode()


def test_T21_vouchers_stand_ten_a_sheet_with_code_value_and_desk(operator, colleague, batch, prize):
    job = done(operator, colleague, batch, "vouchers")

    page = operator.post(at("export_vouchers", job.pk, 1))
    text = page.content.decode()

    code = open_column(batch.gift_codes.first(), "code")
    assert (text.count('class="sheet"'), text.count('class="voucher"')) == (2, 12)
    assert f"{code[:4]} {code[4:8]} {code[8:12]} {code[12:]}" in text
    assert text.count("<svg") == 24
    assert prize.course.campaign.sponsor.inquiry_name in text
    assert "<script" not in text
    assert "style=" not in text
    assert "<b>500円</b>券" not in text  # T12
    assert "no-store" in page["Cache-Control"]
    assert AuditEntry.objects.get(action="batch.vouchers_shown").facts["codes"] == 12


def test_I13_a_link_that_is_fetched_ahead_shows_nothing(operator, colleague, batch):
    file, vouchers = done(operator, colleague, batch, "file"), done(operator, colleague, batch, "vouchers")

    for url in (at("export_file", file.pk), at("export_vouchers", vouchers.pk, 1), at("export_decide", file.pk)):
        assert operator.get(url).status_code == 302
    assert not AuditEntry.objects.filter(action__in=["batch.export_downloaded", "batch.vouchers_shown"]).exists()


def test_T21_a_third_operator_is_refused_in_words(operator, colleague, desk, batch):
    job = done(operator, colleague, batch, "file")
    third = desk(Role.OPERATOR)

    page = third.post(at("export_file", job.pk), follow=True).content.decode()

    assert "開けるのは、申請した人と承認した人だけです。" in page
    assert not AuditEntry.objects.filter(action="batch.export_downloaded").exists()


def test_a_refusal_ends_it(operator, colleague, batch):
    job = asked(operator, batch)

    colleague.post(at("export_decide", job.pk), {"answer": "no"})

    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert 'name="answer"' not in colleague.get(at("export", job.pk)).content.decode()


def test_winners_codes_are_not_offered_as_vouchers(operator, prize):
    batch = generate_codes(prize_id=prize.pk, name="当選者用", count=1, expires_at=None, now=clock.now())

    page = operator.get(at("export_codes", batch.pk)).content.decode()
    operator.post(at("export_codes", batch.pk), {"form": "vouchers", "symbology": "code128", "reason": "x"})

    assert "当選者に配布されます" in page
    assert 'value="vouchers"' not in page
    assert not CodeJob.objects.exists()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REVIEWER, Role.VIEWER])
def test_T21_other_roles_come_to_no_page_of_exports(desk, operator, colleague, batch, role):
    job = done(operator, colleague, batch, "vouchers")
    client = desk(role)

    urls = [at("export_codes", batch.pk), at("exports"), at("export", job.pk), at("export_vouchers", job.pk, 1)]

    assert {answer.status_code for url in urls for answer in (client.get(url), client.post(url))} <= {302, 403, 404}
    assert not AuditEntry.objects.filter(action="batch.vouchers_shown").exists()


def test_T16_exports_of_another_agency_are_not_there(operator):
    foreign = own_batch(PrizeFactory(kind="own_code"))
    job = request_export(
        batch_id=foreign.pk,
        form="file",
        symbology="qr",
        reason="よその理由",
        now=clock.now(),
        actor_id=UserFactory().pk,
    )
    approve_export(job_id=job.pk, now=clock.now(), actor_id=UserFactory().pk)

    for name in ("export", "export_decide", "export_file"):
        assert operator.post(at(name, job.pk), {"answer": "no"}).status_code == 404
    assert operator.get(at("export_codes", foreign.pk)).status_code in (302, 403, 404)
    assert "よその理由" not in operator.get(at("exports")).content.decode()


def test_vouchers_for_a_roll_have_bars_of_whole_dots_and_the_same_content(operator, colleague, batch):
    job = done(operator, colleague, batch, "vouchers")

    sheet, roll = (
        operator.post(at("export_vouchers", job.pk, 1), {"paper": paper}).content.decode() for paper in ("a4", "roll")
    )

    assert ("vouchers-roll.css" in sheet, "vouchers-roll.css" in roll) == (False, True)
    assert "80mmロール紙" in roll
    widths = [{float(width) for width in re.findall(r'"none" width="([\d.]+)mm"', page)} for page in (sheet, roll)]
    [[modules]] = [set(re.findall(r'preserveAspectRatio="none"[^>]*viewBox="0 0 (\d+)', roll))]
    assert widths == [{round(int(modules) * 0.33, 2)}, {int(modules) * 0.25}]  # 0.375 would not fit into 72 mm
    assert re.findall(r'<p class="code" translate="no">(.*?)</p>', roll) == re.findall(
        r'<p class="code" translate="no">(.*?)</p>', sheet
    )


def test_a_print_run_that_was_left_says_which_sets_were_opened_when_and_by_whom(
    operator, colleague, batch, monkeypatch
):
    monkeypatch.setattr("codes.services.exporting.VOUCHERS_A_PAGE", 5)
    job = done(operator, colleague, batch, "vouchers")
    assert operator.get(at("export", job.pk)).content.decode().count("まだ開いていません") == 3

    operator.post(at("export_vouchers", job.pk, 2))

    page = operator.get(at("export", job.pk)).content.decode()
    line = AuditEntry.objects.get(action="batch.vouchers_shown")
    assert page.count("まだ開いていません") == 2
    assert f"{line.at.astimezone(JST):%Y/%m/%d %H:%M}に開きました（{job.requested_by}）" in page


def test_a_batch_that_is_held_back_says_so_where_its_print_run_is_opened(operator, colleague, batch):
    activate_batch(batch_id=batch.pk, now=clock.now())
    job = done(operator, colleague, batch, "vouchers")
    hold_batch(batch_id=batch.pk, reason="印刷ミス", now=clock.now())

    page = operator.get(at("export", job.pk)).content.decode()
    answer = operator.post(at("export_vouchers", job.pk, 1), follow=True).content.decode()

    assert "この入荷は在庫から外れているため、開けません。 保留中: 印刷ミス" in " ".join(page.split())
    assert "期限までに在庫に戻すと、このページからまた開けます。" in page
    assert 'name="paper"' not in page
    assert "24時間" not in answer
    assert not AuditEntry.objects.filter(action="batch.vouchers_shown").exists()


def test_a_voucher_names_the_end_of_its_conditions_where_that_is_sooner(operator, colleague, batch, prize):
    batch.gift_codes.update(expires_at=datetime(2027, 3, 31, 15, tzinfo=UTC))
    UseConditions.objects.create(prize=prize, valid_until=datetime(2027, 1, 31, 15, tzinfo=UTC))

    page = operator.post(at("export_vouchers", done(operator, colleague, batch, "vouchers").pk, 1)).content.decode()

    assert "2027年1月31日(日) 23:59まで</b>" in " ".join(page.split()).replace(" </b>", "</b>")
    assert "2027年3月31日" not in page
