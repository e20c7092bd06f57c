import os
import select
import signal
import socket
import subprocess
import sys

import pytest

from config import serve

SLEEPING = ["timeit", "-n", "1", "-r", "1", "import time; time.sleep(60)"]
DYING = ["timeit", "-n", "1", "-r", "1", "import os; os._exit(3)"]


@pytest.fixture
def child():
    made = serve.Child("test", list(SLEEPING))
    yield made
    made.kill_group()


def test_a_child_that_runs_is_left_alone(child):
    child.watch(0)
    first = child.process

    child.watch(1)

    assert child.process is first


def test_a_dying_child_waits_twice_as_long_each_time(child, capsys):
    child.arguments = DYING
    now, pauses = 0.0, []

    for _ in range(7):
        child.watch(now)  # starts it
        child.process.wait()
        child.started_at = now
        child.watch(now)  # finds it dead
        pauses.append(child.pause_seconds)
        now = child.due_at

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert "test ended (3); starting it again in 1 s" in capsys.readouterr().out


def test_a_dead_child_is_not_started_before_its_time(child):
    child.arguments = DYING
    child.watch(0)
    child.process.wait()
    child.watch(0)

    child.watch(child.due_at - 0.01)

    assert child.process is None


def test_a_child_that_lived_long_starts_again_at_once(child):
    child.arguments = DYING
    child.pause_seconds = 30
    child.watch(0)
    child.process.wait()
    child.started_at = 0

    child.watch(serve.HEALTHY_AFTER_SECONDS)

    assert child.pause_seconds == 0


def test_a_child_dies_with_a_supervisor_that_was_killed():
    program = (
        "import time; from config.serve import Child;"
        f"child = Child('test', {SLEEPING!r}); child.start(); print(child.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        child_id = int(supervisor.stdout.readline())
        watch = os.pidfd_open(child_id)
        supervisor.kill()
        supervisor.wait()

    assert ended_within(watch, seconds=10)


def ended_within(watch: int, seconds: float) -> bool:
    return bool(select.select([watch], [], [], seconds)[0])


def test_a_stopped_child_is_asked_first(child):
    child.start()

    serve.stop([child])

    assert child.process.returncode == -signal.SIGTERM


@pytest.mark.allow_hosts(["192.0.2.1"])  # of a network that does not exist; nothing is sent
def test_an_address_for_everybody_is_shown_as_one_that_others_can_type():
    assert serve.shown_host("127.0.0.1") == "127.0.0.1"
    assert serve.shown_host("::1") == "[::1]"
    assert serve.shown_host("0.0.0.0") not in {"0.0.0.0", ""}


def test_a_taken_port_is_noticed():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not serve.is_free("127.0.0.1", port)
    assert serve.is_free("127.0.0.1", port)
