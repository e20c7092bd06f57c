"""Places where tests end this process as a power failure would; in operation nothing happens there.

`MIZUHIKI_CRASH_AT=name` kills the process the first time it comes to the crash point of that name.
"""

import os
import signal

ENVIRONMENT_NAME = "MIZUHIKI_CRASH_AT"


def crashpoint(name: str) -> None:
    """Let a test kill this process here: no handler runs, nothing is flushed, no lock is given back."""
    if os.environ.get(ENVIRONMENT_NAME) == name:
        os.kill(os.getpid(), signal.SIGKILL)
