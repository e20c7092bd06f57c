"""Photographs that cannot be taken: each answered with its status and a sentence, nothing stored, nothing lost."""

import io
import re
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from receipts.models import Receipt, ReceiptPhoto
from receipts.ocr.base import FieldReading, Region
from tests.flows.steps import jpeg, tea_reading
from tests.portal.phone import text_of, work

pytestmark = pytest.mark.django_db


def animated() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (64, 96), shade) for shade in ("white", "black")]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


BAD = {
    "not an image": (b"%PDF-1.7 a receipt", 415),
    "a page that claims to be one": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
    "half a photograph": (jpeg()[: len(jpeg()) // 2], 422),
    "a moving picture": (animated(), 422),
    "more than ten megabytes": (jpeg() + b"\0" * (10 * 1024 * 1024), 413),
}


@pytest.mark.parametrize("name", BAD)
def test_T10_a_bad_upload_is_answered_in_words_and_stores_nothing(phone, campaigns, name):
    content, status = BAD[name]
    entry = phone.start("green-tea")

    answer = phone.upload(entry, content)

    assert answer.status_code == status
    assert re.search(r'role="alert"|写真が大きすぎます', answer.content.decode())
    assert Receipt.objects.count() == 0
    assert phone.upload(entry, jpeg()).status_code == 302  # and the next try is free


def test_no_photo_is_asked_for(phone, campaigns):
    entry = phone.start("green-tea")

    assert phone.send(f"/e/{entry.public_id}/receipt/").status_code == 422


def test_a_length_beyond_all_photos_is_refused_before_the_body_is_read(phone, campaigns):
    entry = phone.start("green-tea")

    answer = phone.post(
        f"/e/{entry.public_id}/receipt/",
        b"x",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="99999999",
    )

    assert answer.status_code == 413
    assert "1枚10MBまでの写真を、4枚まで送れます。" in text_of(answer)


@pytest.mark.parametrize("count", [5, 6])
def test_more_photos_than_a_receipt_may_have_are_refused(phone, campaigns, count):
    entry = phone.start("green-tea")

    answer = phone.upload(entry, *[jpeg(shade) for shade in range(count)])

    assert answer.status_code == (422 if count == 5 else 413)
    assert Receipt.objects.count() == 0


def test_up_to_four_photos_make_one_receipt_and_are_shown_to_their_owner_only(phone, other_phone, campaigns):
    entry = phone.start("green-tea")
    phone.upload(entry, *[jpeg(shade) for shade in range(4)])
    assert ReceiptPhoto.objects.count() == 4

    shown = phone.get(f"/e/{entry.public_id}/photo/4/")
    assert (shown.status_code, shown["Content-Type"], shown["Cache-Control"]) == (200, "image/jpeg", "no-store")
    assert phone.get(f"/e/{entry.public_id}/photo/5/").status_code == 404
    assert other_phone.get(f"/e/{entry.public_id}/photo/4/").status_code == 404


def test_a_photo_can_be_kept_when_the_step_is_visited_again(phone, campaigns):
    entry = phone.start("green-tea")
    phone.upload(entry)

    answer = phone.send(f"/e/{entry.public_id}/receipt/", {"keep": "1"})

    assert answer["Location"] == f"/e/{entry.public_id}/contact/"
    assert Receipt.objects.count() == 1


def test_an_upload_without_its_token_is_refused(phone, campaigns):
    entry = phone.start("green-tea")

    answer = phone.post(f"/e/{entry.public_id}/receipt/", {"photos": SimpleUploadedFile("a.jpg", jpeg())})

    assert answer.status_code == 403
    assert "ページを開いてから時間がたちました" in text_of(answer)
    assert Receipt.objects.count() == 0


def test_a_hostile_file_name_leaves_no_trace(phone, campaigns):
    entry = phone.start("green-tea")
    name = "../../<img src=x onerror=alert(1)>\u202egpj.jpg"
    token = phone.get(f"/e/{entry.public_id}/receipt/").context["csrf_token"]
    files = SimpleUploadedFile(name, jpeg())

    answer = phone.post(f"/e/{entry.public_id}/receipt/", {"photos": files, "csrfmiddlewaretoken": str(token)})

    assert answer.status_code == 302
    assert "onerror" not in ReceiptPhoto.objects.get().file_name
    assert "onerror" not in phone.get(f"/e/{entry.public_id}/receipt/").content.decode()


def test_a_reason_shows_the_part_of_the_photo_that_it_is_about(phone, other_phone, campaigns):
    picture = Image.new("RGB", (800, 1200), "white")
    ImageDraw.Draw(picture).rectangle((200, 300, 600, 360), fill="red")
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    place = Region(0, ((200.0, 300.0), (600.0, 300.0), (600.0, 360.0), (200.0, 360.0)))
    plain = tea_reading(total="1200")
    total = FieldReading("1200", 0.99, place, ("prepared",))
    reading = replace(plain, fields={**plain.fields, "total": total})
    entry = phone.enter_with_receipt(photo=buffer.getvalue())
    work(reading)

    address = f"/e/{entry.public_id}/region/0/"
    assert address in phone.get(f"/e/{entry.public_id}/").content.decode()
    crop = Image.open(io.BytesIO(phone.get(address).content))
    assert (crop.width, crop.height) == (458, 118)
    red, green, _blue = crop.split()
    assert (red.getpixel((229, 59)), green.getpixel((229, 59))) == (pytest.approx(254, abs=8), pytest.approx(0, abs=8))
    assert phone.get(f"/e/{entry.public_id}/region/1/").status_code == 404
    assert other_phone.get(address).status_code == 404
