"""Many codes at once: sealed as one by one, duplicates named, batches of value confirmed by a second person."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from stdnum import ean

from codes.csv_import import CodeRow, look_over
from codes.errors import FileNotAccepted, FormatNotAvailable, SecondPersonNeeded
from codes.loading import SEALED_AT_ONCE, insert_codes
from codes.making import make_texts
from codes.models import BatchStatus, CodeFormat, CodeStatus
from codes.sealing import CodeSealer, open_column
from codes.selectors import code_index
from codes.services import activate_batch
from core import held_files
from core.clock import end_of_jst_day
from core.errors import SecretDamaged
from core.random_codes import has_valid_check
from tests.factories import NOW, CodeBatchFactory, GiftCodeFactory, UserFactory


@pytest.mark.django_db
def test_I02_codes_are_stored_sealed_and_those_known_already_are_named_by_row():
    known = GiftCodeFactory(code="KNOWN0001")
    batch = CodeBatchFactory(prize=known.prize, status=BatchStatus.STAGED)
    sealer = CodeSealer(agency_id=batch.agency_id, campaign_public_id=known.prize.course.campaign.public_id)
    rows = [CodeRow(2, "new-0001", pin="42"), CodeRow(3, "KNOWN0001"), CodeRow(4, "NEW0002"), CodeRow(6, "new 0002")]

    left_out = insert_codes(batch=batch, rows=rows, first=10, sealer=sealer, now=NOW)

    first, second = batch.gift_codes.order_by("position")
    assert left_out == [3, 6]
    assert [open_column(first, name) for name in ("code", "pin", "url")] == ["new-0001", "42", ""]
    assert first.code_index == code_index(agency_id=batch.agency_id, code="NEW0001")
    assert (first.status, first.balance_jpy, first.position) == (CodeStatus.STAGED, batch.face_value_jpy, 10)
    assert open_column(second, "code") == "NEW0002"


@pytest.mark.django_db
def test_codes_that_come_in_together_have_ids_that_lie_together():
    batch = CodeBatchFactory(status=BatchStatus.STAGED)
    sealer = CodeSealer(agency_id=batch.agency_id, campaign_public_id=batch.prize.course.campaign.public_id)
    rows = [CodeRow(row, f"TOGETHER{row:05}") for row in range(SEALED_AT_ONCE + 5)]

    assert insert_codes(batch=batch, rows=rows, first=1, sealer=sealer, now=NOW) == []
    assert insert_codes(batch=batch, rows=[], first=len(rows) + 1, sealer=sealer, now=NOW) == []

    ids = list(batch.gift_codes.order_by("position").values_list("public_id", flat=True))
    assert {one.version for one in ids} == {7}
    assert len({one.int >> 80 for one in ids[:SEALED_AT_ONCE]}) == 1  # the millisecond
    assert max(one.int >> 80 for one in ids[:SEALED_AT_ONCE]) <= min(one.int >> 80 for one in ids[SEALED_AT_ONCE:])
    assert len({one.int % 2**74 for one in ids}) == len(rows)


@pytest.mark.django_db
@pytest.mark.parametrize("known", ["", "KNOWN0001"])  # COPY alone, and over the staging table
def test_card_numbers_are_sealed_and_a_code_ends_with_its_own_last_day_or_sooner(known):
    other = GiftCodeFactory(code="KNOWN0001")
    end = end_of_jst_day(date(2028, 6, 30))
    batch = CodeBatchFactory(prize=other.prize, status=BatchStatus.STAGED, expires_at=end)
    sealer = CodeSealer(agency_id=batch.agency_id, campaign_public_id=other.prize.course.campaign.public_id)
    rows = [
        CodeRow(2, "NEW00001", number="4901234567890123", expiry="2028-02-29"),
        CodeRow(3, "NEW00002", expiry="2029/3/31"),
        CodeRow(4, "NEW00003"),
        *([CodeRow(5, known)] if known else []),
    ]

    left_out = insert_codes(batch=batch, rows=rows, first=10, sealer=sealer, now=NOW)

    loaded = list(batch.gift_codes.order_by("position"))
    assert left_out == ([5] if known else [])
    assert [open_column(code, "number") for code in loaded] == ["4901234567890123", "", ""]
    assert [code.expires_at for code in loaded] == [datetime(2028, 2, 29, 15, tzinfo=UTC), end, end]


def test_texts_of_each_form_carry_their_check(settings):
    settings.CODE_DIGITS_PREFIX, settings.CODE_JAN_PREFIX = "1234567", "29"
    typed, digits, jan = (make_texts(form, 500) for form in (CodeFormat.TYPED, CodeFormat.DIGITS, CodeFormat.JAN))

    assert len(set(typed)) == 500
    assert all(len(text) == 16 and has_valid_check(text) for text in typed)
    assert all(len(text) == 24 and text.startswith("1234567") and text.isdigit() for text in digits)
    assert all(text.startswith("29") and ean.is_valid(text) for text in jan)


def test_no_number_range_no_codes_of_13_digits(settings):
    settings.CODE_JAN_PREFIX = ""
    with pytest.raises(FormatNotAvailable):
        make_texts(CodeFormat.JAN, 1)


@pytest.mark.django_db
def test_T20_value_above_the_limit_needs_a_second_person():
    batch = CodeBatchFactory(status=BatchStatus.STAGED, created_by=UserFactory(), face_value_jpy=600, code_count=2)
    batch.agency.second_person_above_jpy = 1_199
    batch.agency.save()

    for actor_id in (batch.created_by_id, None):
        with pytest.raises(SecondPersonNeeded):
            activate_batch(batch_id=batch.pk, now=NOW, actor_id=actor_id)
    batch.refresh_from_db()
    untouched = batch.status
    other = UserFactory()

    assert untouched == BatchStatus.STAGED
    assert activate_batch(batch_id=batch.pk, now=NOW, actor_id=other.pk).activated_by_id == other.pk


@pytest.mark.parametrize(
    ("data", "reason", "offset"),
    [
        (b"PK\x03\x04rest", "file_is_archive", None),
        (b"code\nAB\x00CD\n", "encoding_unknown", 7),
        (b"", "file_empty", None),
    ],
)
def test_a_file_that_is_no_text_is_refused_and_its_wrong_byte_named(data, reason, offset):
    with pytest.raises(FileNotAccepted) as refused:
        look_over([data[:6], data[6:]] if data else [])
    assert (refused.value.reason, refused.value.offset) == (reason, offset)


def test_a_held_file_is_sealed_in_frames_none_of_which_can_be_cut_off(monkeypatch):
    monkeypatch.setattr(held_files, "FRAME", 8)
    ticket = held_files.hold([b"CANARY", b"-AAAA-1111,", b"9901"])
    name = f"held/{ticket}"
    whole = default_storage.open(name).read()

    assert held_files.look_into(ticket) == b"CANARY-AAAA-1111,9901"
    assert b"CANARY" not in whole
    size = held_files.LENGTH.unpack(whole[:4])[0]
    default_storage.delete(name)
    default_storage.save(name, ContentFile(whole[: 4 + size]))
    with pytest.raises(SecretDamaged):
        held_files.look_into(ticket)
    held_files.let_go(ticket)
