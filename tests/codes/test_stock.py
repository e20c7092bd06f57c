"""Codes come in: staged, activated, discarded, expired, blocked."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from codes.errors import FileAlreadyImported, FileNotAccepted, QuantityNotAccepted, RowProblem
from codes.figures import stock_of_prizes
from codes.models import BatchStatus, CodeBatch, CodeStatus, GiftCode
from codes.selectors import open_code
from codes.services import (
    activate_batch,
    expire_codes,
    generate_codes,
    import_codes,
    preview_import,
    start_discard,
    stock,
    void_code,
)
from core.errors import StaleState
from core.random_codes import has_valid_check
from journeys.audit import violations
from tests.factories import NOW
from tests.worlds import open_campaign, win

pytestmark = pytest.mark.django_db

FILE = b"code,pin\nGOOD0001,11\nGOOD0002,22\n"


@pytest.fixture
def prize():
    return open_campaign(codes=0).prize


def bring_in(prize, data=FILE):
    return import_codes(prize_id=prize.pk, name="第1便", data=data, expires_at=None, now=NOW)


def statuses() -> list[str]:
    return list(GiftCode.objects.order_by("pk").values_list("status", flat=True))


def test_a_preview_counts_and_stores_nothing(prize):
    preview = preview_import(prize_id=prize.pk, data=b"code\nGOOD0001\nbad one\nGOOD0002\ngood-0002\n")

    assert (preview.row_count, preview.usable_count, preview.total_value_jpy) == (4, 2, 1000)
    assert preview.problems == (RowProblem(3, "code_malformed"), RowProblem(5, "duplicate_in_file"))
    assert len(preview.sentences) == 2
    assert GiftCode.objects.count() == 0


def test_an_import_waits_until_it_is_activated_and_its_codes_open_again(prize):
    batch = bring_in(prize)
    assert (batch.status, statuses()) == (BatchStatus.STAGED, [CodeStatus.STAGED] * 2)

    activate_batch(batch_id=batch.pk, now=NOW)

    assert statuses() == [CodeStatus.AVAILABLE] * 2
    opened = [open_code(code) for code in GiftCode.objects.order_by("position")]
    assert [(code.code, code.pin, code.url) for code in opened] == [("GOOD0001", "11", ""), ("GOOD0002", "22", "")]
    assert violations(NOW) == {}


def test_a_file_with_one_bad_row_brings_nothing_in(prize):
    with pytest.raises(FileNotAccepted) as refused:
        bring_in(prize, b"code\nGOOD0001\n1E+15\n")

    assert refused.value.problems == [RowProblem(3, "damaged_by_spreadsheet")]
    assert (CodeBatch.objects.count(), GiftCode.objects.count()) == (0, 0)


def test_the_same_file_comes_in_once_and_again_after_it_was_discarded(prize):
    batch = bring_in(prize)
    with pytest.raises(FileNotAccepted) as refused:
        bring_in(prize)
    assert [problem.code for problem in refused.value.problems] == ["duplicate_in_stock"] * 2

    start_discard(batch_id=batch.pk, reason="wrong prize", now=NOW)

    assert bring_in(prize).code_count == 2
    assert statuses() == [CodeStatus.VOID, CodeStatus.VOID, CodeStatus.STAGED, CodeStatus.STAGED]
    assert violations(NOW) == {}


def test_the_same_file_sent_twice_at_once_is_refused_by_the_database(prize, monkeypatch):
    from codes.services import stock

    bring_in(prize)
    monkeypatch.setattr(stock, "_known", lambda _prize, _rows: [])  # as the second sees it before the first commits

    with pytest.raises(FileAlreadyImported):
        bring_in(prize)
    with pytest.raises(FileNotAccepted) as refused:
        bring_in(prize, b"code\nGOOD0002\nGOOD0003\n")
    assert refused.value.reason == "duplicate_in_stock"
    assert GiftCode.objects.count() == 2


def test_generated_codes_differ_and_carry_their_check(prize):
    generate_codes(prize_id=prize.pk, name="自社", count=50, expires_at=None, now=NOW)

    texts = {open_code(code).code for code in GiftCode.objects.all()}
    assert len(texts) == 50
    assert all(has_valid_check(text) for text in texts)


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_nobody_generates_none_or_too_many(prize, count):
    with pytest.raises(QuantityNotAccepted):
        generate_codes(prize_id=prize.pk, name="自社", count=count, expires_at=None, now=NOW)


def test_a_batch_is_activated_or_discarded_once(prize):
    batch = bring_in(prize)
    activate_batch(batch_id=batch.pk, now=NOW)

    with pytest.raises(StaleState):
        activate_batch(batch_id=batch.pk, now=NOW)
    with pytest.raises(StaleState):
        start_discard(batch_id=batch.pk, reason="too late", now=NOW)
    assert statuses() == [CodeStatus.AVAILABLE] * 2


def test_codes_leave_the_stock_at_the_instant_of_their_expiry(prize):
    ends = NOW + timedelta(days=1)
    batch = generate_codes(prize_id=prize.pk, name="自社", count=2, expires_at=ends, now=NOW)
    activate_batch(batch_id=batch.pk, now=NOW)

    assert expire_codes(now=ends - timedelta(microseconds=1)) == 0
    assert expire_codes(now=ends) == 2
    assert statuses() == [CodeStatus.EXPIRED] * 2
    assert violations(ends) == {}


def test_I10_codes_that_expire_leave_a_line_for_each_batch_in_the_same_transaction(prize, monkeypatch):
    ends = NOW + timedelta(days=1)
    batches = []
    for count in (5, 3):
        batches.append(generate_codes(prize_id=prize.pk, name="自社", count=count, expires_at=ends, now=NOW))
        activate_batch(batch_id=batches[-1].pk, now=NOW)
    void_code(gift_code_id=batches[0].gift_codes.earliest("pk").pk, reason="leaked", now=NOW)
    monkeypatch.setattr(stock, "CHUNK", 2)  # several pieces are one line

    assert (expire_codes(now=ends), expire_codes(now=ends + timedelta(minutes=5))) == (7, 0)

    lines = AuditEntry.objects.filter(action="batch.codes_expired").order_by("pk")
    assert [(line.subject_id, line.facts) for line in lines] == [
        (str(batch.public_id), {"codes": count, "at": ends.isoformat()})
        for batch, count in zip(batches, (4, 3), strict=True)
    ]
    expired = GiftCode.objects.filter(status=CodeStatus.EXPIRED, updated_at=ends)
    assert (expired.count(), GiftCode.objects.filter(status=CodeStatus.VOID).count()) == (7, 1)


def test_I10_where_the_line_cannot_be_written_no_code_expires(prize, monkeypatch):
    ends = NOW + timedelta(days=1)
    activate_batch(
        batch_id=generate_codes(prize_id=prize.pk, name="自社", count=2, expires_at=ends, now=NOW).pk, now=NOW
    )
    monkeypatch.setattr(stock.audit, "record", lambda *_told, **_facts: (_ for _ in ()).throw(RuntimeError))

    with pytest.raises(RuntimeError):
        expire_codes(now=ends)

    assert statuses() == [CodeStatus.AVAILABLE] * 2


def test_I01_a_blocked_code_never_comes_back(prize):
    batch = bring_in(prize)
    activate_batch(batch_id=batch.pk, now=NOW)
    code = GiftCode.objects.earliest("pk")

    void_code(gift_code_id=code.pk, reason="leaked", now=NOW)

    with pytest.raises(StaleState):
        void_code(gift_code_id=code.pk, reason="again", now=NOW)
    assert AuditEntry.objects.filter(action="code.voided").count() == 1
    assert violations(NOW) == {}


def test_stock_is_counted_by_state():
    world = open_campaign(codes=4)
    win(world)
    void_code(gift_code_id=GiftCode.objects.filter(status="available").earliest("pk").pk, reason="leaked", now=NOW)

    (line,) = stock_of_prizes([world.prize])
    assert {status: count for status, count in line.states.items() if count} == {"available": 2, "issued": 1, "void": 1}
