"""kill -9 at every crash point: nothing is lost, nothing is given twice, and the rows stay sound (F02-F04, F06)."""

import os
import signal
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection

from accounts.models import AuditEntry
from api.models import IdempotencyRecord
from codes.links import claim_url
from codes.models import Award, GiftCode, Redemption, SupplierCard, SupplierCardStatus
from codes.services import carry_out_due, make_card, make_due_cards
from core import clock
from distribution.models import DeliveryStatus
from distribution.selectors import due_deliveries
from distribution.services import send_delivery
from journeys.audit import violations
from journeys.services import advance_entry, sweep
from participants.models import Entry, EntryStatus
from participants.services import verify_identity
from receipts.models import ReceiptStatus
from receipts.selectors import unread_receipts
from receipts.services import read_receipt, reading
from tests import factories
from tests.api.world import entry_body, make_tenant, sale, winning_code
from tests.crash.victims import Victims
from tests.factories import NOW
from tests.flows.steps import jpeg, tea_reading
from tests.worlds import begin, contact, fetched_campaign, notice, open_campaign, send, stock, win

pytestmark = pytest.mark.django_db(transaction=True)

KILLED = -signal.SIGKILL
EXPIRED = NOW + timedelta(seconds=91)  # when the lease of whoever claimed at NOW has ended


@pytest.fixture(scope="module")
def victims(django_db_setup):
    """Processes on the test's own database."""
    url = urlsplit(os.environ["TEST_DATABASE_URL"])
    # By hand: a socket's address has an empty host, and geturl() would drop it with its slashes.
    made = Victims(f"{url.scheme}://{url.netloc}/{connection.settings_dict['NAME']}?{url.query}")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("crash_at", "copies"),
    [
        ("sending.after_claim", 1),
        ("sending.before_send", 1),
        ("sending.after_send", 2),
        ("sending.before_commit", 2),
    ],
)
def test_F04_a_message_whose_worker_is_killed_is_sent_by_another(victims, smtp_sink, crash_at, copies):
    delivery = notice(open_campaign())

    code = victims.run("send", crash_at=crash_at, delivery_id=delivery.pk, mail_port=smtp_sink.port, now=NOW)

    delivery.refresh_from_db()
    assert (code, delivery.status) == (KILLED, DeliveryStatus.SENDING)
    assert len(smtp_sink.messages) == copies - 1
    assert due_deliveries(EXPIRED - timedelta(seconds=2)) == []  # the lease still runs
    for delivery_id in due_deliveries(EXPIRED):
        send_delivery(delivery_id=delivery_id, now=EXPIRED)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.ACCEPTED, 2)
    assert len(smtp_sink.messages) == copies
    assert len({message["Message-ID"] for message in smtp_sink.messages}) == 1
    assert all(
        claim_url(delivery.award) in message.get_body(("plain",)).get_content() for message in smtp_sink.messages
    )
    assert violations(EXPIRED) == {}


def test_F06_a_message_that_kills_every_worker_is_set_aside_and_others_go_on(victims, smtp_sink):
    world = open_campaign()
    poison, other = notice(world), notice(world)
    at = NOW
    for _attempt in range(3):
        assert victims.run("send", crash_at="sending.after_claim", delivery_id=poison.pk, mail_port=0, now=at) == KILLED
        at += timedelta(seconds=91)

    for delivery_id in due_deliveries(at):
        send_delivery(delivery_id=delivery_id, now=at)

    poison.refresh_from_db()
    other.refresh_from_db()
    assert (poison.status, poison.failure_code) == (DeliveryStatus.FAILED, "abandoned")
    assert other.status == DeliveryStatus.ACCEPTED
    assert violations(at) == {}


@pytest.mark.parametrize("crash_at", ["reading.after_claim", "reading.before_store", "reading.before_commit"])
def test_F04_a_receipt_whose_reader_is_killed_is_read_by_another(victims, monkeypatch, prepared_reader, crash_at):
    entry = begin(open_campaign())
    receipt = factories.ReceiptFactory.create(
        entry=entry, status=ReceiptStatus.UPLOADED, read_at=None, total_jpy=None, fingerprint=""
    )
    factories.ReceiptPhotoFactory.create(receipt=receipt)
    send(entry)
    advance_entry(entry_id=entry.pk, now=NOW)

    code = victims.run("read", crash_at=crash_at, receipt_id=receipt.pk, now=NOW)

    receipt.refresh_from_db()
    assert (code, receipt.status, receipt.total_jpy) == (KILLED, ReceiptStatus.READING, None)
    prepared_reader.prepare(tea_reading())
    monkeypatch.setattr(reading, "photo_bytes", lambda _photo: jpeg())
    assert unread_receipts(EXPIRED - timedelta(seconds=2)) == []
    for receipt_id in unread_receipts(EXPIRED):
        read_receipt(receipt_id=receipt_id, now=EXPIRED)
    receipt.refresh_from_db()
    assert (receipt.status, receipt.attempts, receipt.total_jpy) == (ReceiptStatus.READ, 2, 2560)
    assert advance_entry(entry_id=entry.pk, now=EXPIRED).status == EntryStatus.WON
    assert violations(EXPIRED) == {}


@pytest.mark.parametrize(
    ("crash_at", "status"),
    [("settle.before_commit", EntryStatus.ACCEPTED), ("settle.after_commit", EntryStatus.WON)],
)
def test_F04_an_entry_whose_worker_is_killed_wins_once(victims, crash_at, status):
    entry = send(begin(open_campaign(codes=2)))

    code = victims.run("advance", crash_at=crash_at, entry_id=entry.pk, now=NOW)

    entry.refresh_from_db()
    assert (code, entry.status) == (KILLED, status)
    assert Award.objects.count() == (status == EntryStatus.WON)
    sweep(now=NOW)
    entry.refresh_from_db()
    assert entry.status == EntryStatus.WON
    assert (Award.objects.count(), GiftCode.objects.filter(status="issued").count()) == (1, 1)
    assert violations(NOW) == {}


@pytest.mark.parametrize("crash_at", ["claim.after_audit", "claim.before_commit"])
def test_F01_I13_a_web_process_killed_before_it_shows_a_code_binds_nobody(victims, crash_at):
    award = win(open_campaign(claim_binding="device"))

    assert victims.run("reveal", crash_at=crash_at, award_id=award.pk, device="phone", now=NOW) == KILLED

    award.refresh_from_db()
    assert (award.device_digest, award.bound_at, award.revealed_at, award.reveal_count) == ("", None, None, 0)
    assert AuditEntry.objects.filter(action__in=["code.revealed", "claim.bound"]).count() == 0
    assert victims.run("reveal", award_id=award.pk, device="tablet", now=NOW) == 0
    award.refresh_from_db()
    assert (award.bound_at, award.reveal_count) == (NOW, 1)
    assert victims.run("reveal", award_id=award.pk, device="phone", now=NOW) == 1
    assert violations(NOW) == {}


@pytest.mark.parametrize(("crash_at", "made"), [("fetch.after_request_stored", 0), ("fetch.after_answer", 1)])
def test_F21_a_worker_killed_around_the_suppliers_answer_leaves_one_card(victims, supplier_server, crash_at, made):
    award = win(fetched_campaign(codes=1))
    card = SupplierCard.objects.get()

    code = victims.run(
        "make_card", crash_at=crash_at, gift_code_id=award.gift_code_id, supplier_url=supplier_server.url, now=NOW
    )

    card.refresh_from_db()
    assert (code, card.status, card.attempts) == (KILLED, SupplierCardStatus.REQUESTED, 1)
    assert len(supplier_server.cards) == made
    assert make_due_cards(now=NOW + timedelta(seconds=10)) == 1
    card.refresh_from_db()
    assert card.card_id == supplier_server.cards[card.request_id].gc_id
    assert supplier_server.deposited - supplier_server.funds == supplier_server.spent == 500
    assert violations(NOW) == {}


@pytest.mark.parametrize(("crash_at", "spent"), [("cancel.after_order", 500), ("cancel.after_answer", 0)])
def test_F21_a_desk_killed_around_the_cancelling_is_finished_by_the_sweep(victims, supplier_server, crash_at, spent):
    award = win(fetched_campaign(codes=1))
    make_card(gift_code_id=award.gift_code_id, now=NOW)

    code = victims.run(
        "cancel_card", crash_at=crash_at, gift_code_id=award.gift_code_id, supplier_url=supplier_server.url, now=NOW
    )

    card = SupplierCard.objects.get()
    assert (code, card.status, supplier_server.spent) == (KILLED, SupplierCardStatus.CANCELLING, spent)
    assert carry_out_due(now=NOW + timedelta(seconds=10)) == 1
    card.refresh_from_db()
    assert (card.status, supplier_server.spent) == (SupplierCardStatus.CANCELLED, 0)
    assert violations(NOW) == {}


def test_F03_F02_a_web_process_killed_between_commit_and_publish_loses_nothing(victims):
    tenant = make_tenant("crash")
    stock(tenant.prize, 2)
    call = {"path": "/entries", "body": entry_body(tenant), "key": tenant.key, "idempotency_key": "k-1"}

    assert victims.run("call", crash_at="queueing.after_commit", **call) == KILLED

    entry = Entry.objects.get()
    assert entry.status == EntryStatus.SUBMITTED
    assert victims.run("call", **call) == 0  # the client tries again with the same key
    assert Entry.objects.get() == entry
    assert IdempotencyRecord.objects.count() == 1
    sweep(now=clock.now())
    verify_identity(identity_id=contact(entry).pk, now=clock.now())
    sweep(now=clock.now())
    entry.refresh_from_db()
    assert entry.status == EntryStatus.WON
    assert violations(clock.now()) == {}


@pytest.mark.parametrize(("crash_at", "lines"), [("redeem.before_commit", 0), ("redeem.after_commit", 1)])
def test_F01_F02_a_sale_whose_server_is_killed_counts_once(victims, crash_at, lines):
    tenant = make_tenant("crash")
    _award, code = winning_code(tenant)
    call = {"path": "/redemptions", "body": sale(code, amount=200), "key": tenant.key}

    assert victims.run("call", crash_at=crash_at, idempotency_key="k-1", **call) == KILLED

    assert Redemption.objects.count() == lines
    for key in ("k-1", "k-1", "k-2"):  # the till repeats with its key, and after a restart by its number
        assert victims.run("call", idempotency_key=key, **call) == 0
    assert Redemption.objects.count() == 1
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 300
    assert not {"I05", "I06", "I07"} & set(violations(clock.now()))  # the tenant's winner has no message


@pytest.mark.parametrize(("crash_at", "lines"), [("reverse.before_commit", 1), ("reverse.after_commit", 2)])
@pytest.mark.parametrize("by_number", [False, True])
def test_F01_F02_a_reversal_whose_server_is_killed_counts_once(victims, crash_at, lines, by_number):
    tenant = make_tenant("crash")
    _award, code = winning_code(tenant)
    made = tenant.api.post("/redemptions", sale(code, amount=200), key="s-1").json()
    path = "/redemptions/reversals" if by_number else f"/redemptions/{made['id']}/reversals"
    body = {"store_id": "001", "pos_transaction_id": "A-1"} if by_number else {"reason": "返品"}
    call = {"path": path, "body": body, "key": tenant.key}

    assert victims.run("call", crash_at=crash_at, idempotency_key="k-1", **call) == KILLED

    assert Redemption.objects.count() == lines
    for key in ("k-1", "k-1", "k-2"):
        assert victims.run("call", idempotency_key=key, **call) == 0
    assert Redemption.objects.count() == 2
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500
    assert not {"I05", "I06", "I07"} & set(violations(clock.now()))  # the tenant's winner has no message
