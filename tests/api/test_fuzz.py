"""Schemathesis calls a live server with everything the schema allows and forbids, as two agencies."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.world import locked, make_tenant, redeemed

SECONDS = 25
FOLDER = Path(__file__).parent
SCHEMA = FOLDER.parents[1] / "docs/api/openapi.yaml"


@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_T16_no_call_breaks_the_schema_the_server_or_the_wall_between_agencies(live_server, settings, tmp_path):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {"key": "1000000/min"}}
    tenants = [make_tenant(name) for name in ("own", "foreign")]
    for tenant in tenants:
        redeemed(tenant, amount_jpy=100)
        locked(tenant)
    agencies = tmp_path / "agencies.yaml"
    agencies.write_text(yaml.safe_dump({"auth": [_login(tenant) for tenant in tenants]}))

    ran = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={FOLDER / 'schemathesis.toml'}", "run"),
            *(str(SCHEMA), f"--url={live_server.url}", f"--auth-wfc={agencies}"),
            *("--checks=all", "--max-examples=15", f"--max-time={SECONDS}", "--seed=1", "--no-color"),
            *("--suppress-health-check=all", "--continue-on-failure"),
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.api.fuzz_hooks", "PYTHONPATH": str(FOLDER.parents[1])},
        capture_output=True,
        text=True,
        timeout=SECONDS * 3,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2_000:]
    assert " 30 selected" in ran.stdout


def _login(tenant) -> dict[str, Any]:
    return {
        "name": tenant.agency.slug,
        "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {tenant.key}"}],
    }
