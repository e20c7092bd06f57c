"""I12: marked codes and contacts go the whole way and are found nowhere but in their place."""

import json
import logging

import pytest
from celery import current_app
from django.contrib.admin import site
from django.core import mail
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from codes import tasks as codes_tasks
from codes.links import claim_token
from codes.models import Award, GiftCode, Redemption
from codes.services import activate_batch, import_codes, redeem_code, reveal_code, reverse_redemption
from codes.services.desk_revealing import reveal_to_desk
from codes.services.key_duties import KEY_REST, destroy_emptied_keys
from codes.services.rotation import run_rotation, start_rewrap
from distribution import tasks as distribution_tasks
from distribution.models import Delivery
from eligibility.services import create_serial_batch
from journeys import tasks as journeys_tasks
from participants.models import EntryStatus, ProofKind
from participants.services import attach_line, save_typed_proof
from tests.factories import NOW, UserFactory
from tests.worlds import begin, open_campaign, send

pytestmark = pytest.mark.django_db

CODE, PIN, LINK = "CANARYCODE00001", "CANARYPIN01", "https://canary-link.example/1"
SERIAL, EMAIL, LINE_ID = "CANARYSERIAL1", "canary.address@example.jp", "Ucanary0000000000000000000000line"
CANARIES = [CODE, PIN, LINK, SERIAL, EMAIL, LINE_ID]


@pytest.fixture
def published(settings, monkeypatch, django_capture_on_commit_callbacks):
    """Tasks as they go to the broker; nothing works them off but the test."""
    settings.TASKS_ON_COMMIT = True
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append((name, options)))
    return sent


@pytest.fixture
def at_noon(monkeypatch):
    """Tasks read the clock; here it stands."""
    for module in (journeys_tasks, distribution_tasks, codes_tasks):
        monkeypatch.setattr(module.clock, "now", lambda: NOW)


def run_whole_way(capture) -> Award:
    """From the file of codes to a reversed redemption, through services and tasks, with a mail that fails first."""
    world = open_campaign(codes=0, rules=("serial",))
    file = f"code,pin,url\n{CODE},{PIN},{LINK}\n".encode()
    batch = import_codes(prize_id=world.prize.pk, name="第1便", data=file, expires_at=None, now=NOW)
    activate_batch(batch_id=batch.pk, now=NOW)
    create_serial_batch(campaign_id=world.campaign.pk, name="版", values=[SERIAL])
    with capture(execute=True):
        entry = begin(world, email=EMAIL)
        attach_line(entry_id=entry.pk, line_user_id=LINE_ID, is_friend=True, now=NOW)
        save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value=SERIAL)
        send(entry)
    with capture(execute=True):
        journeys_tasks.advance_entries(entry_ids=[entry.pk])
    distribution_tasks.sweep_deliveries()
    entry.refresh_from_db()
    assert entry.status == EntryStatus.WON
    award = Award.objects.get()
    assert reveal_code(award_id=award.pk, now=NOW).code == CODE
    till = {"agency_id": world.agency.pk, "now": NOW}
    with capture(execute=True):
        used = redeem_code(presented=CODE, store_id=world.store.pk, pos_transaction_id="P1", **till)  # type: ignore[arg-type]
        reverse_redemption(redemption_public_id=str(used.public_id), **till)  # type: ignore[arg-type]
    assert reveal_to_desk(gift_code_id=award.gift_code_id, actor_id=world.operator.pk, reason="x", now=NOW).pin == PIN
    rotated = run_rotation(job_id=start_rewrap(campaign_id=world.campaign.pk, now=NOW).pk, now=NOW)
    assert (rotated.status, rotated.report["left"]) == ("done", 0)
    destroy_emptied_keys(now=NOW + KEY_REST)
    codes_tasks.write_journal()
    return award


def hidden(*texts: str) -> list[str]:
    """Name the canaries that texts show."""
    return sorted(
        {
            canary
            for canary in [*CANARIES, claim_token(Award.objects.get().public_id)]
            for text in texts
            if canary in text
        }
    )


def test_I12_codes_and_contacts_are_in_no_log_task_trail_or_table(
    published, at_noon, caplog, capfd, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.DEBUG)

    run_whole_way(django_capture_on_commit_callbacks)

    assert hidden(caplog.text, *capfd.readouterr()) == []
    assert {name for name, _options in published} == {
        "journeys.tasks.advance_entries",
        "distribution.tasks.send_deliveries",
    }
    assert hidden(json.dumps(published)) == []
    assert hidden(*(str(vars(line)) for line in AuditEntry.objects.all())) == []
    assert hidden(*all_rows()) == []
    (sent,) = mail.outbox
    assert sent.to == [EMAIL]
    assert hidden(sent.body, str(sent.message())) == sorted([EMAIL, claim_token(Award.objects.get().public_id)])


def all_rows() -> list[str]:
    """Every row of every table as text, as a dump of the database would show it."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts += [repr(row) for row in cursor.fetchall()]
    return texts


def test_I12_T23_files_journal_exports_and_error_pages_show_no_code(
    published, at_noon, settings, tmp_path, caplog, django_capture_on_commit_callbacks
):
    settings.JOURNAL = f"folder:{tmp_path}"
    caplog.set_level(logging.DEBUG)
    award = run_whole_way(django_capture_on_commit_callbacks)
    call_command("sync_roles", verbosity=0)
    desk = Client(raise_request_exception=False)
    desk.force_login(UserFactory.create(is_superuser=True))

    journal = "".join(path.read_text() for path in tmp_path.iterdir())
    exports = [
        b"".join(desk.get(reverse(f"admin:{name}")).streaming_content).decode()
        for name in ("codes_giftcode_export_csv", "codes_award_export_csv", "codes_redemption_export_csv")
    ]
    figures = desk.get(reverse("admin:analytics_report_csv"), {"campaign": award.entry.campaign_id})
    exports.append(b"".join(figures.streaming_content).decode())
    GiftCode.objects.update(code_ciphertext="v2:damaged")
    claim = desk.post(f"/g/{claim_token(award.public_id)}/")
    asked = {"reason": "x", "password": "a long enough password"}
    shown = desk.post(reverse("admin:codes_giftcode_reveal", args=[award.gift_code_id]), asked)

    assert str(award.public_id) in journal
    assert award.notice_number in "".join(exports)
    assert (claim.status_code, shown.status_code) == (503, 302)
    page = claim.content.decode().replace(claim_token(award.public_id), "")  # its own address
    assert hidden(journal, *exports, page, shown.content.decode(), *stored_files(default_storage)) == []
    assert hidden(caplog.text) == []


def stored_files(storage, folder: str = "") -> list[str]:
    """Every file of the store, as bytes that are letters."""
    folders, files = storage.listdir(folder) if not folder or storage.exists(folder) else ([], [])
    texts = [storage.open(f"{folder}{name}").read().decode("latin-1") for name in files]
    for name in folders:
        texts += stored_files(storage, f"{folder}{name}/")
    return texts


def test_I12_operators_lists_and_pages_show_no_code_and_no_whole_contact(
    published, at_noon, django_capture_on_commit_callbacks
):
    award = run_whole_way(django_capture_on_commit_callbacks)
    call_command("sync_roles", verbosity=0)
    desk = Client()
    desk.force_login(UserFactory.create(is_superuser=True))
    rows = [
        award,
        award.gift_code,
        award.entry,
        award.entry.participant,
        Delivery.objects.get(),
        Redemption.objects.last(),
    ]
    pages = [reverse("admin:index")]
    pages += [reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in site._registry]
    for row in rows:
        if type(row) in site._registry:
            name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
            pages.append(reverse(name, args=[row.pk]))

    seen = {}
    for page in pages:
        answer = desk.get(page)
        assert answer.status_code in (200, 403), page
        if shown := hidden(answer.content.decode()):
            seen[page] = shown

    assert len(pages) > 10
    assert seen == {}
