"""Compares docs/api/openapi.yaml with what the views say; `--write` brings it up to date."""

import difflib
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path("docs/api/openapi.yaml")
GENERATE = [sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn"]


def main() -> int:
    """Return 0 when they are equal."""
    done = subprocess.run(GENERATE, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr)
        return 1
    if "--write" in sys.argv:
        DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
        DOCUMENT.write_text(done.stdout)
        return 0
    kept = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    difference = difflib.unified_diff(kept.splitlines(), done.stdout.splitlines(), str(DOCUMENT), "views", lineterm="")
    lines = list(difference)
    print("\n".join(lines[:100]))
    if lines:
        print(f"{DOCUMENT} is not what the views say: .venv/bin/python scripts/api_document.py --write")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
