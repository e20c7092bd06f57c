"""Prints `name value unit (goal)` lines, marks missed goals and names them again at the end.

Each group has a process of its own, one after the other: databases, settings and peaks of memory of one are not in the
figures of another, and one that breaks does not take the others along. Figures inform, they do not fail a build: only
`--strict` makes a missed goal an error. A group that could not be measured always is one.
"""

import importlib
import pkgutil
import subprocess
import sys

import bench
from core.processes import die_with_parent

COMMAND = [sys.executable, "-m", "bench.group"]


def groups(names: list[str]) -> list[str]:
    """The modules that measure, in the order of their names; all of them when none is asked for."""
    found = [info.name for info in pkgutil.iter_modules(bench.__path__) if info.name != "__main__"]
    return [name for name in found if (not names or name in names) and _measures(name)]


def _measures(name: str) -> bool:
    return hasattr(importlib.import_module(f"bench.{name}"), "measure")


def measured(group: str) -> tuple[list[str], bool]:
    """Run a group and pass its lines on; returns the names of missed goals, and whether it came to its end."""
    missed = []
    with subprocess.Popen(
        [*COMMAND, group],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 nothing runs in threads
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.rstrip().endswith("MISSED)"):
                missed.append(line.split()[0])
    return missed, process.returncode == 0


def main() -> int:
    """Measure one group after the other, never two at once."""
    if sys.argv[1:2] == ["receipts"]:
        return int(importlib.import_module("bench.receipts").main(sys.argv[2:]))
    names = [argument for argument in sys.argv[1:] if argument != "--strict"]
    unknown = set(names) - set(groups(names))
    if unknown:
        sys.exit(f"no such figures: {', '.join(sorted(unknown))}; there are {', '.join(groups([]))}")
    missed, broken = [], []
    for group in groups(names):
        of_group, is_whole = measured(group)
        missed += of_group
        broken += [] if is_whole else [group]
    print(f"missed: {', '.join(missed) or 'none'}")
    if broken:
        print(f"NOT MEASURED: {', '.join(broken)}")
    return 1 if broken or (missed and "--strict" in sys.argv) else 0


if __name__ == "__main__":
    sys.exit(main())
