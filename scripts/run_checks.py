"""Everything that can be said about the code without running the product; `./run check NAME…` runs only those."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

TOOLS = Path(sys.executable).parent
PYTHON = sys.executable
CHECKS: dict[str, list[str]] = {
    "types": [str(TOOLS / "mypy"), "."],
    "format": [str(TOOLS / "ruff"), "format", "--check", "."],
    "lint": [str(TOOLS / "ruff"), "check", "."],
    "layers": [str(TOOLS / "lint-imports")],
    "templates": [str(TOOLS / "djlint"), "--lint", "--quiet", "."],
    "dependencies": [str(TOOLS / "deptry"), "."],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "settings": [PYTHON, "manage.py", "check", "--fail-level", "WARNING"],
    "api-document": [PYTHON, "scripts/api_document.py"],
    "catalogues": [PYTHON, "scripts/catalogues.py"],
    "architecture": [PYTHON, "-m", "pytest", "-q", "tests/architecture"],
}
# The architecture tests ask no database: let their plugin start no servers.
ENVIRONMENT = os.environ | {"TEST_DATABASE_URL": "sqlite:///:memory:", "TEST_REDIS_URL": "redis://127.0.0.1:0/0"}


class Outcome(NamedTuple):
    """How one check ended."""

    name: str
    code: int
    output: str
    seconds: float


def run_check(name: str) -> Outcome:
    """Run one check and keep what it printed."""
    started = time.monotonic()
    done = subprocess.run(
        CHECKS[name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT, text=True, check=False
    )
    return Outcome(name, done.returncode, done.stdout, time.monotonic() - started)


def main() -> int:
    """Run two checks at a time; show the output of those that found something."""
    names = sys.argv[1:] or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        sys.exit(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(run_check, names))
    for outcome in outcomes:
        print(f"{'FAILED' if outcome.code else 'ok':<7}{outcome.name} ({outcome.seconds:.1f} s)")
        if outcome.code:
            print(outcome.output)
    failed = sum(bool(outcome.code) for outcome in outcomes)
    print(f"checks: {len(outcomes) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
