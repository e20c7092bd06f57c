"""The small installation: one SQLite file, six processes that write at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROCESSES = 6


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "MIZUHIKI_DATA_DIR": str(tmp_path),
        "MIZUHIKI_CRASH_AT": "",
    }


def run(environment: dict[str, str], *arguments: str) -> str:
    """Run a module to its end and give its last line."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.splitlines()[-1]


def hammer(environment: dict[str, str], campaign: str, *, people: int, mode: str) -> tuple[int, int]:
    """Have six processes enter people at once; returns how many won and how often the database was locked."""
    command = [sys.executable, "-m", "tests.races.sqlite_people", campaign, str(people), mode]
    running = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _process in range(PROCESSES)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    answers = []
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        out, _nothing = process.communicate(timeout=120)
        assert process.returncode == 0
        answers.append([int(number) for number in out.splitlines()[-1].split()])
    return sum(won for won, _locked in answers), sum(locked for _won, locked in answers)


def test_people_enter_from_six_processes_and_the_database_is_never_locked(environment, tmp_path: Path):
    campaign = run(environment, "tests.races.sqlite_world", "make", "40")

    won, locked = hammer(environment, campaign, people=8, mode="IMMEDIATE")

    assert locked == 0
    assert won == 40  # of 48 people, since there are 40 codes
    assert run(environment, "tests.races.sqlite_world", "audit") == "{}"

    # Negative control: without IMMEDIATE a reader that wants to write finds the database locked.
    _won, locked = hammer(environment, campaign, people=8, mode="DEFERRED")
    assert locked > 0
