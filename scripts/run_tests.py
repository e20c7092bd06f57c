"""Runs every suite on PostgreSQL and the sequential ones again on SQLite, and says what it ran."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

NO_TESTS_COLLECTED = 5
STAGES = (
    ("parallel", "PostgreSQL, two at a time", ["-n", "2"], {}),
    ("serial", "PostgreSQL, one by one: races, crashes, browser", ["-n", "0"], {}),
    ("sqlite", "SQLite, two at a time", ["-n", "2"], {"TEST_DATABASE_URL": "sqlite:///:memory:"}),
)


class Result(NamedTuple):
    """What one stage counted."""

    title: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    has_ended_well: bool


def run_stage(name: str, title: str, options: list[str], environment: dict[str, str], arguments: list[str]) -> Result:
    """Run pytest once and count from its own report."""
    print(f"\n== {title}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "--stage", name, *options, f"--junitxml={report}", *arguments]
        code = subprocess.run(command, env=os.environ | environment, check=False).returncode
        totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        if report.exists():
            for suite in ET.parse(report).iter("testsuite"):
                totals = {key: totals[key] + int(suite.get(key, 0)) for key in totals}
    failed = totals["failures"] + totals["errors"]
    passed = totals["tests"] - failed - totals["skipped"]
    has_ended_well = code in {0, NO_TESTS_COLLECTED} and not failed
    return Result(title, passed, failed, totals["skipped"], time.monotonic() - started, has_ended_well)


def main() -> int:
    """Run the stages; the last line counts them together."""
    arguments = sys.argv[1:]
    results = [run_stage(*stage, arguments) for stage in STAGES]
    print()
    for result in results:
        print(
            f"{result.title}: {result.passed} passed, {result.failed} failed, "
            f"{result.skipped} skipped in {result.seconds:.0f} s"
        )
    passed, failed, skipped = (sum(result[index] for result in results) for index in (1, 2, 3))
    # A stage that broke before or after its tests is a failure that no report counts.
    failed += sum(not result.has_ended_well and not result.failed for result in results)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
