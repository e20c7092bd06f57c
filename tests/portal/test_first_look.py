"""A hopeless photograph is told in the answer to its upload; a waiting entrant sees how far the reader is."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from receipts.models import Receipt, ReceiptPhoto, ReceiptStatus
from tests.factories import ReceiptFactory
from tests.flows.steps import NOW, jpeg
from tests.portal.phone import text_of

pytestmark = pytest.mark.django_db


def cut_off() -> bytes:
    """The lower end of the receipt is beyond the frame."""
    return saved(Image.open(io.BytesIO(jpeg())).crop((0, 0, 256, 300)))


def blank() -> bytes:
    picture = Image.new("RGB", (600, 800), (90, 90, 90))
    picture.paste((230, 230, 230), (150, 100, 450, 700))
    return saved(picture)


def saved(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("photo", "trouble", "words"),
    [
        (cut_off, "cut_off", "レシートの端が写っていないようです。全体が入るように撮り直してください。"),
        (blank, "no_print", "レシートの文字が見当たりません。"),
    ],
)
def test_a_hopeless_photo_is_told_with_two_ways_on(phone, campaigns, photo, trouble, words):
    entry = phone.start("green-tea")
    receipt_page = f"/e/{entry.public_id}/receipt/"

    answer = phone.upload(entry, photo())

    assert (answer.status_code, answer["Location"]) == (302, receipt_page)
    assert ReceiptPhoto.objects.get().trouble == trouble
    told = text_of(phone.get(receipt_page))
    assert words in told
    assert "撮り直しても応募回数は減りません。" in told
    assert phone.upload(entry, jpeg())["Location"] == f"/e/{entry.public_id}/contact/"  # one way on
    phone.upload(entry, photo())
    assert phone.send(receipt_page, {"keep": "1"})["Location"] == f"/e/{entry.public_id}/contact/"  # the other


def test_who_was_told_before_sending_is_not_told_again(phone, campaigns):
    entry = phone.start("green-tea")
    page = phone.get(f"/e/{entry.public_id}/receipt/")
    token = str(page.context["csrf_token"])
    photos = io.BytesIO(cut_off())
    photos.name = "a.jpg"

    data = {"photos": photos, "anyway": "1", "csrfmiddlewaretoken": token}
    answer = phone.post(f"/e/{entry.public_id}/receipt/", data)

    assert answer["Location"] == f"/e/{entry.public_id}/contact/"
    assert ReceiptPhoto.objects.get().trouble == "cut_off"


def test_the_parts_of_a_long_receipt_may_each_be_cut_off(phone, campaigns):
    entry = phone.start("green-tea")

    answer = phone.upload(entry, cut_off(), cut_off())

    assert answer["Location"] == f"/e/{entry.public_id}/contact/"
    assert set(ReceiptPhoto.objects.values_list("trouble", flat=True)) == {""}


def test_a_store_that_fails_is_answered_in_words_and_the_next_try_is_free(phone, campaigns, monkeypatch):
    from django.core.files.storage import InMemoryStorage

    entry = phone.start("green-tea")
    with monkeypatch.context() as patch:
        patch.setattr(InMemoryStorage, "save", lambda *_arguments: (_ for _ in ()).throw(OSError()))
        answer = phone.upload(entry, jpeg())

    assert answer.status_code == 503
    assert "写真を安全に保存できませんでした。もう一度お送りください。" in text_of(answer)
    assert Receipt.objects.count() == 0
    assert phone.upload(entry, jpeg()).status_code == 302


def test_the_waiting_page_tells_the_place_in_the_queue_and_about_how_long(phone, campaigns):
    others = ReceiptFactory.create_batch(3, status=ReceiptStatus.UPLOADED)
    entry = phone.enter_with_receipt()
    address = f"/e/{entry.public_id}/"
    mine = Receipt.objects.get(entry=entry)

    waiting = phone.get(address)
    assert "レシートの読み取りを待っています。前に3件あります あと約40秒" in text_of(waiting)
    assert '<meta http-equiv="refresh" content="4">' in waiting.content.decode()  # without scripts
    move(others, status=ReceiptStatus.READ, reading={"seconds": 2.5})
    assert "次にレシートを読み取ります あと約10秒" in text_of(phone.get(address))
    move([mine], status=ReceiptStatus.READING, lease_until=NOW + timedelta(seconds=90))
    assert "合計を読み取っています あと約10秒" in text_of(phone.get(address))


def test_two_readers_halve_the_wait_and_a_long_one_is_told_in_minutes(phone, campaigns):
    others = ReceiptFactory.create_batch(9, status=ReceiptStatus.UPLOADED)
    move(others[:2], status=ReceiptStatus.READING, lease_until=NOW + timedelta(seconds=90))
    move(others[2:3], status=ReceiptStatus.READ, reading={"seconds": 40})
    entry = phone.enter_with_receipt()

    assert "前に8件あります あと約4分" in text_of(phone.get(f"/e/{entry.public_id}/"))


def test_a_late_reader_is_told_with_a_way_to_leave(phone, campaigns, noon):
    entry = phone.enter_with_receipt()
    noon.shift(timedelta(seconds=61))

    page = phone.get(f"/e/{entry.public_id}/")

    assert "いつもより時間がかかっています。応募は受け付けていますので、このページを閉じてかまいません。" in text_of(
        page
    )
    assert "あと約" not in text_of(page)
    assert page.content.decode().count(f'href="/e/{entry.public_id}/continue/"') == 2


def test_what_was_seen_already_is_not_sent_again(phone, campaigns):
    entry = phone.enter_with_receipt()
    progress = f"/e/{entry.public_id}/progress/?page=checking"
    seen = phone.get(progress).context["seen"]

    assert phone.get(f"{progress}&seen={seen}").status_code == 204
    ReceiptFactory(status=ReceiptStatus.UPLOADED)  # behind it: nothing changes
    assert phone.get(f"{progress}&seen={seen}").status_code == 204
    move(Receipt.objects.filter(entry=entry), status=ReceiptStatus.READING, lease_until=NOW + timedelta(seconds=90))
    assert phone.get(f"{progress}&seen={seen}").status_code == 200


def move(receipts, **changes) -> None:
    Receipt.objects.filter(pk__in=[receipt.pk for receipt in receipts]).update(**changes)
