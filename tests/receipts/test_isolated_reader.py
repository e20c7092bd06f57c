import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from receipts.isolation import Child, ChildFailed
from receipts.ocr.base import ReaderCrashed, ReaderUnavailable
from receipts.ocr.process import IsolatedReader

READER = "tests.receipts.misbehaving.EchoReader"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def reader():
    reader = IsolatedReader(READER, wall_seconds=20)
    yield reader
    reader.close()


def test_a_reading_crosses_the_wall_unchanged(reader):
    reading = reader.read([b"abc", b"de"])

    assert (reading.engine, reading.value("total"), reading.value("store_name")) == ("fake", "5", "花結び")


def test_the_child_is_kept_between_readings(reader):
    reader.read([b"a"])
    first = reader.child.pid
    reader.read([b"b"])

    assert reader.child.pid == first


@pytest.mark.parametrize("poison", [b"segfault", b"hang", b"swell"])
def test_a_poisonous_photograph_ends_the_child_and_not_us(poison):
    reader = IsolatedReader(READER, wall_seconds=1.5, memory_bytes=200 * MIB)

    with pytest.raises(ReaderCrashed):
        reader.read([poison])
    assert reader.read([b"good"]).value("total") == "4"
    reader.close()


@pytest.mark.parametrize(
    ("poison", "said"),
    [(b"hang", "it took too long"), (b"swell", "it took too much memory"), (b"segfault", "the process died")],
)
def test_the_cause_of_a_lost_child_is_told(poison, said):
    reader = IsolatedReader(READER, wall_seconds=1.5, memory_bytes=200 * MIB)

    with pytest.raises(ReaderCrashed, match=said):
        reader.read([poison])
    reader.close()


def test_an_exception_in_the_reader_keeps_the_child_and_leaks_no_detail(reader):
    reader.read([b"a"])
    before = reader.child.pid

    with pytest.raises(ReaderCrashed) as refusal:
        reader.read([b"raise"])
    assert str(refusal.value) == "ValueError"
    assert reader.child.pid == before


def test_a_missing_engine_is_told_apart_from_a_crash(reader):
    with pytest.raises(ReaderUnavailable, match="no engine here"):
        reader.read([b"missing"])


def test_an_unknown_reader_is_unavailable():
    reader = IsolatedReader("tests.receipts.nowhere.Reader")

    with pytest.raises(ReaderUnavailable):
        reader.read([b"a"])
    reader.close()


def test_what_a_library_prints_does_not_disturb_the_answer(reader):
    assert reader.read([b"chatter"]).value("total") == "7"


def test_threads_queue_and_each_gets_its_own_answer(reader):
    with ThreadPoolExecutor(4) as pool:
        totals = list(pool.map(lambda size: reader.read([b"x" * size]).value("total"), range(1, 9)))

    assert totals == [str(size) for size in range(1, 9)]


def test_the_child_survives_the_thread_that_started_it():
    reader = IsolatedReader(READER)
    thread = threading.Thread(target=reader.read, args=([b"a"],))
    thread.start()
    thread.join()
    started = reader.child.pid

    assert reader.read([b"b"]).value("total") == "1"
    assert reader.child.pid == started
    reader.close()


def test_the_child_gets_none_of_our_secrets(reader, monkeypatch):
    monkeypatch.setenv("DJANGO_SECRET_KEY", "must not leave")
    own = IsolatedReader(READER)
    own.read([b"a"])

    environment = Path(f"/proc/{own.child.pid}/environ").read_bytes()
    assert b"must not leave" not in environment
    own.close()


def test_a_child_whose_parent_is_gone_ends_itself():
    script = (
        "from receipts.ocr.process import IsolatedReader\n"
        f"reader = IsolatedReader({READER!r})\n"
        "reader.read([b'a'])\n"
        "print(reader.child.pid, flush=True)\n"
        "import os; os._exit(9)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    orphan = int(run.stdout)
    gone = threading.Event()
    for _ in range(100):
        if not Path(f"/proc/{orphan}").exists() or _is_zombie(orphan):
            break
        gone.wait(0.05)
    assert not Path(f"/proc/{orphan}").exists() or _is_zombie(orphan)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("count", [0, 5])
def test_a_receipt_has_one_to_four_photographs(reader, count):
    with pytest.raises(ValueError, match="one to four"):
        reader.read([b"a"] * count)


def test_a_forked_process_starts_a_child_of_its_own(reader):
    reader.read([b"a"])
    pid = reader.child.pid
    reader.child._owner = os.getpid() + 1  # as a fork would find it

    assert reader.read([b"b"]).value("total") == "1"
    assert reader.child.pid != pid
    os.kill(pid, 9)


@pytest.fixture
def child():
    child = Child("tests.receipts.misbehaving", wall_seconds=30, memory_bytes=120 * MIB)
    yield child
    child.close()


def test_a_request_that_computes_for_ever_is_ended_by_the_kernel_and_the_next_is_answered(child):
    with pytest.raises(ChildFailed, match="too much processor time"):
        child.ask([b"spin"])

    assert child.ask([b"1"]) == b"answer"


def test_a_child_that_grew_is_replaced_before_its_limit_would_end_an_innocent_request(child):
    child.ask([b"1"])
    first = child.pid
    child.ask([b"1"])
    assert child.pid == first

    answers = [child.ask([str(30 * MIB).encode()]) for _ in range(8)]

    assert answers == [b"answer"] * 8
    assert child.pid != first
