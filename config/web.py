"""The web server of `./run serve`: `python -m config.web HOST PORT`."""

import os
import sys
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from core.processes import die_with_parent

THREADS = 4  # a page takes milliseconds of CPU, and SQLite has one writer: more threads only wait


def load_application() -> Callable[..., Any]:
    """Runs in granian's worker, which would otherwise outlive a killed server."""
    die_with_parent()
    from config.wsgi import application  # Django starts in the worker only: the server itself stays small

    return application


def serve(*, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Granian(
        "config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        runtime_blocking_threads=1,
        workers_kill_timeout=5,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=load_application, wrap_loader=False)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    serve(host=sys.argv[1], port=int(sys.argv[2]))
