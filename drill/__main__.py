"""Runs drills and prints a table each; ends with 1 where a bound was broken."""

import argparse
import importlib
import pkgutil
import signal
import subprocess
import sys
from types import ModuleType

import drill
from drill.options import VICTIMS, Options


def modules(names: list[str]) -> list[ModuleType]:
    """The modules that rehearse something, in the order of their names; all of them when none is asked for."""
    found = [importlib.import_module(f"drill.{info.name}") for info in pkgutil.iter_modules(drill.__path__)
             if info.name != "__main__" and (not names or info.name in names)]  # fmt: skip
    return [module for module in found if hasattr(module, "rehearse")]


def main() -> int:
    """Rehearse one after the other, each on its own servers and, where there are several, in its own process."""
    options = read_options()
    chosen = modules(options.names)
    if not chosen:
        sys.exit(f"no such drill; there are {', '.join(module.__name__[6:] for module in modules([]))}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, with all that was started
    if len(chosen) > 1:
        return max(
            [
                rehearse_apart(
                    module, ["--seconds", str(options.seconds), "--seed", str(options.seed), "--kill", options.kill]
                )
                for module in chosen
            ]
        )
    is_sound = True
    for row in chosen[0].rehearse(Options(options.seconds, options.seed, tuple(options.kill.split(",")))):
        print(row, flush=True)
        is_sound = is_sound and row.is_kept
    return 0 if is_sound else 1


def rehearse_apart(module: ModuleType, arguments: list[str]) -> int:
    """One drill in a process of its own: each has other settings and other servers."""
    name = module.__name__[6:]
    print(f"\n{name}: {(module.__doc__ or name).partition(chr(10))[0]}", flush=True)
    return int(subprocess.run([sys.executable, "-m", "drill", name, *arguments], check=False).returncode != 0)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="./run drill", description="rehearses losses, and tells whether value is safe"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which drills (default: all)")
    parser.add_argument("--seconds", type=float, default=Options.seconds, help="crash: how long to go on killing")
    parser.add_argument("--seed", type=int, default=Options.seed, help="crash: draws the moments of the kills")
    parser.add_argument("--kill", default=",".join(VICTIMS), help="crash: what is killed (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
