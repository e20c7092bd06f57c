"""`python -m bench.group NAME`: measures one group in this process."""

import importlib
import sys


def main() -> None:
    """Print its figures as they come."""
    for figure in importlib.import_module(f"bench.{sys.argv[1]}").measure():
        print(figure, flush=True)


if __name__ == "__main__":
    main()
