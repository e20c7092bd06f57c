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


class Stage(NamedTuple):
    """One run of pytest over its part of the suites (tests/services.py sorts them)."""

    name: str
    title: str
    processes: int
    environment: dict[str, str]


STAGES = (
    Stage("parallel", "PostgreSQL, two at a time", 2, {}),
    Stage("serial", "PostgreSQL, one by one: what measures or fills the machine", 0, {}),
    Stage("sqlite", "SQLite, two at a time", 2, {"TEST_DATABASE_URL": "sqlite:///:memory:"}),
)


class Result(NamedTuple):
    """What one stage counted."""

    title: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    has_ended_well: bool


def run_stage(stage: Stage, arguments: list[str]) -> Result:
    """Run pytest once and count from its own report."""
    print(f"\n== {stage.title}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = [f"--stage={stage.name}", f"-n{stage.processes}", f"--junitxml={report}"]
        if stage.processes:
            options.append("--dist=worksteal")  # a module stays together, and the one that ends first helps the other
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        code = subprocess.run(command, env=os.environ | stage.environment, check=False).returncode
        totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        if report.exists():
            for suite in ET.parse(report).iter("testsuite"):
                totals = {key: totals[key] + int(suite.get(key, 0)) for key in totals}
    failed = totals["failures"] + totals["errors"]
    passed = totals["tests"] - failed - totals["skipped"]
    has_ended_well = code in {0, NO_TESTS_COLLECTED} and not failed
    return Result(stage.title, passed, failed, totals["skipped"], time.monotonic() - started, has_ended_well)


def start_servers() -> None:
    """Start what all stages use, and migrate both databases side by side."""
    sqlite = os.environ | {"TEST_DATABASE_URL": "sqlite:///:memory:", "TEST_REDIS_URL": "redis://127.0.0.1:1/0"}
    with subprocess.Popen([sys.executable, "-c", "import tests.services"], env=sqlite):
        import tests.services  # noqa: F401 importing it starts them


def main() -> int:
    """Run the stages; the last line counts them together."""
    arguments = sys.argv[1:]
    stages = STAGES[:1] if "--fast" in arguments else STAGES  # between two edits one database is enough
    start_servers()
    results = [run_stage(stage, arguments) for stage in stages]
    print()
    for result in results:
        print(
            f"{result.title}: {result.passed} passed, {result.failed} failed, "
            f"{result.skipped} skipped in {result.seconds:.0f} s"
        )
    passed = sum(result.passed for result in results)
    skipped = sum(result.skipped for result in results)
    # A stage that broke before or after its tests is a failure that no report counts.
    failed = sum(result.failed or not result.has_ended_well for result in results)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
