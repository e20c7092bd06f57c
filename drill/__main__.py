"""Runs drills and prints a table each; ends with 1 where a bound was broken."""

import importlib
import pkgutil
import sys
from types import ModuleType

import drill


def modules(names: list[str]) -> list[ModuleType]:
    """The modules that rehearse something, in the order of their names; all of them when none is asked for."""
    found = [importlib.import_module(f"drill.{info.name}") for info in pkgutil.iter_modules(drill.__path__)
             if info.name != "__main__" and (not names or info.name in names)]  # fmt: skip
    return [module for module in found if hasattr(module, "rehearse")]


def main() -> int:
    """Rehearse one after the other, each on its own servers."""
    chosen = modules(sys.argv[1:])
    if not chosen:
        sys.exit(f"no such drill; there are {', '.join(module.__name__[6:] for module in modules([]))}")
    is_sound = True
    for module in chosen:
        for row in module.rehearse():
            print(row, flush=True)
            is_sound = is_sound and row.is_kept
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
