"""Processes that must not outlive the one that started them."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Loaded before any fork: between fork and exec nothing may be imported.
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent_id: int | None = None) -> None:
    """Have the kernel end this process when its parent ends, however that happens, `kill -9` included.

    "Parent" is the *thread* that forked, so start such children from a thread that lives as long as they should.
    `parent_id` closes the gap before this call: a parent that is gone already ends this process at once.
    """
    if LIBC is None:
        return
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent_id is not None and os.getppid() != parent_id:
        os.kill(os.getpid(), signal.SIGKILL)
