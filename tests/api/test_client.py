"""A client generated from the committed schema runs a whole campaign, as an agency's developer would start."""

import importlib
import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from codes.models import Award, CodeBatch
from codes.services import activate_batch, reveal_code
from distribution.models import Delivery
from distribution.services import send_delivery
from journeys.services import advance_entry
from participants.models import Entry, Identity
from participants.services import verify_identity
from tests.api.world import make_tenant

SCHEMA = Path(__file__).resolve().parents[2] / "docs/api/openapi.yaml"
PACKAGE = "mizuhiki_api_client"
MODULES = (
    "campaigns.get_campaign",
    "campaigns.list_campaigns",
    "codes.get_stock",
    "codes.import_codes",
    "entries.create_entry",
    "entries.get_entry",
    "redemptions.redeem_code",
    "redemptions.validate_code",
    "reports.get_funnel",
    "reports.list_awards",
)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Generate the package into a fresh folder and make it importable for this module only."""
    folder = tmp_path_factory.mktemp("client")
    tools = Path(sys.executable).parent
    subprocess.run(
        [
            *(str(tools / "openapi-python-client"), "generate"),
            *("--path", str(SCHEMA), "--output-path", str(folder / "out"), "--meta", "none"),
            "--fail-on-warning",
        ],
        cwd=folder,
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},  # it formats with ruff
        check=True,
        capture_output=True,
    )
    (folder / "out").rename(folder / PACKAGE)
    sys.path.insert(0, str(folder))
    yield importlib.import_module(PACKAGE)
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_generated_client_runs_a_campaign_from_entry_to_report(live_server, generated):
    tenant = make_tenant("own")
    api = {name: importlib.import_module(f"{PACKAGE}.api.{name}") for name in MODULES}
    models = importlib.import_module(f"{PACKAGE}.models")
    File = importlib.import_module(f"{PACKAGE}.types").File  # noqa: N806 a class
    client = generated.AuthenticatedClient(base_url=live_server.url, token=tenant.key)

    (campaign,) = api["campaigns.list_campaigns"].sync(client=client).data
    detail = api["campaigns.get_campaign"].sync(campaign.id, client=client)
    csv = File(payload=io.BytesIO(b"code\nGIFT-0001-AAAA\n"), file_name="codes.csv", mime_type="text/csv")
    batch = api["codes.import_codes"].sync(
        client=client,
        idempotency_key="batch-1",
        body=models.BatchListInput(prize=detail.courses[0].prizes[0].id, name="6月分", file=csv),
    )
    activate_batch(batch_id=CodeBatch.objects.get(public_id=batch.id).pk, now=timezone.now())  # the operator's part

    entry = api["entries.create_entry"].sync(
        client=client,
        idempotency_key="order-17",
        body=models.EntryListInput(
            campaign=campaign.id,
            email="hanako@example.jp",
            terms_agreed=True,
            external_reference="order-17",
            answers=[models.EntryListInputAnswer(question=detail.questions[0].id, values=["よい"])],
        ),
    )
    assert (entry.status, entry.contacts[0].masked) == ("submitted", "ha****@example.jp")
    _work_like_the_worker(str(entry.id))

    won = api["entries.get_entry"].sync(entry.id, client=client)
    assert (won.status, won.verdict.verdict, won.verdict.reasons) == ("won", "eligible", [])
    (line,) = api["reports.list_awards"].sync(campaign.id, client=client).data
    assert (line.external_reference, line.delivery.status, line.revealed_at) == ("order-17", "accepted", None)

    code = reveal_code(award_id=Award.objects.get(public_id=line.id).pk, now=timezone.now()).code
    _redeem(client, api, models, code)

    (row,) = api["reports.get_funnel"].sync(campaign.id, client=client).data
    assert [row.entries, row.accepted, row.won, row.issued, row.sent, row.opened, row.revealed, row.redeemed] == [1] * 8
    (stock,) = api["codes.get_stock"].sync(campaign.id, client=client).data
    assert (stock.issued, stock.available) == (1, 0)


def _work_like_the_worker(entry_id: str) -> None:
    """Confirm the address as its owner would, advance the entry and send what is due."""
    now = timezone.now()
    verify_identity(identity_id=Identity.objects.get().pk, now=now)
    advance_entry(entry_id=Entry.objects.get(public_id=entry_id).pk, now=now)
    for pk in Delivery.objects.filter(status="queued").values_list("pk", flat=True):
        send_delivery(delivery_id=pk, now=timezone.now())


def _redeem(client, api, models, code: str) -> None:
    """Check, redeem, repeat as a till does after a lost answer, and try to redeem once more."""
    question = models.CodeInput(code=code, store_id="001")
    assert api["redemptions.validate_code"].sync(client=client, body=question).redeemable
    at = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    sale = models.RedemptionListInput(
        code=code, store_id="001", terminal_id="T1", pos_transaction_id="A-1", occurred_at=at
    )
    redeemed = [
        api["redemptions.redeem_code"].sync_detailed(client=client, idempotency_key=key, body=sale)
        for key in ("sale-1", "sale-1", "sale-2")
    ]
    assert [answer.status_code for answer in redeemed] == [201, 201, 200]
    assert len({answer.parsed.id for answer in redeemed}) == 1
    refused = models.RedemptionListInput(
        code=code, store_id="001", terminal_id="T1", pos_transaction_id="A-2", occurred_at=at
    )
    problem = api["redemptions.redeem_code"].sync(client=client, idempotency_key="sale-3", body=refused)
    assert (problem.code, problem.status) == ("already_redeemed", 409)
