"""The small installation: one SQLite file, six processes that write at once."""

import json
import os
import subprocess
import sys

import pytest

from tests.races.sqlite_hammer import CODES, PEOPLE, PROCESSES


@pytest.fixture(scope="module")
def happened(data_dir):
    """What the hammer saw, on the settings of `./run serve`."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "MIZUHIKI_DATA_DIR": str(data_dir),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.races.sqlite_hammer"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_people_enter_from_six_processes_and_the_database_is_never_locked(happened):
    assert PROCESSES * PEOPLE > CODES
    assert happened["immediate"] == {"won": CODES, "locked": 0}
    assert happened["broken"] == {}


def test_negative_control_with_deferred_transactions_the_database_is_locked(happened):
    assert happened["deferred"]["locked"] > 0
