"""Crash points do nothing unless a test names them."""

import os
import signal

from core.crashpoints import ENVIRONMENT_NAME, crashpoint


def test_a_crash_point_kills_only_where_it_is_named(monkeypatch):
    killed = []
    monkeypatch.setattr(os, "kill", lambda number, sent: killed.append((number, sent)))

    crashpoint("sending.after_claim")
    monkeypatch.setenv(ENVIRONMENT_NAME, "reading.after_claim")
    crashpoint("sending.after_claim")
    assert killed == []

    crashpoint("reading.after_claim")
    assert killed == [(os.getpid(), signal.SIGKILL)]
