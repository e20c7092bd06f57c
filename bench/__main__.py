"""Prints `name value unit (goal)` lines and marks missed goals; figures inform, they do not fail a build."""

import importlib
import pkgutil
import sys
from types import ModuleType

import bench


def modules(names: list[str]) -> list[ModuleType]:
    """The modules that measure, in the order of their names; all of them when none is asked for."""
    found = [importlib.import_module(f"bench.{info.name}") for info in pkgutil.iter_modules(bench.__path__)
             if info.name != "__main__" and (not names or info.name in names)]  # fmt: skip
    return [module for module in found if hasattr(module, "measure")]


def main() -> int:
    """Measure one module after the other, never two at once."""
    if sys.argv[1:2] == ["receipts"]:
        return int(importlib.import_module("bench.receipts").main(sys.argv[2:]))
    chosen = modules(sys.argv[1:])
    if not chosen:
        sys.exit(f"no such figures; there are {', '.join(module.__name__[6:] for module in modules([]))}")
    for module in chosen:
        for figure in module.measure():
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
