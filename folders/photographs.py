"""Photographs of a folder become readings, in as many processes as there are processors for them."""

from __future__ import annotations

import json
import os
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from receipts.isolation import Child, ChildFailed
from receipts.ocr.base import ReaderCrashed, ReceiptReading
from receipts.ocr.process import IsolatedReader

DEFAULT_READER = "receipts.ocr.rapidocr.RapidOcrReader"
MOST_PROCESSES = 2
DECODE_SECONDS = 120.0  # nobody waits at a page for a folder, and a busy machine is slow
DECODE_BYTES = 900 * 1024 * 1024
READ_SECONDS = 300.0
MEMORY_BYTES = 1229 * 1024 * 1024  # 1.2 GiB for each reading process


@dataclass(frozen=True, slots=True)
class Entry:
    """One receipt of an index: its section, its name and its photographs in the order of its length."""

    section: str
    name: str
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was read, or why nothing was, with the processor time and the memory that it took."""

    reading: ReceiptReading | None
    failure: str = ""
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    photos: int = 1


class Unreadable(Exception):
    """A photograph is missing or no photograph; the argument says which and why."""


class Station:
    """One decoding and one reading process; a station serves one receipt at a time."""

    def __init__(self, reader: str) -> None:
        self.decoder = Child("receipts.imaging_child", wall_seconds=DECODE_SECONDS, memory_bytes=DECODE_BYTES)
        self.reader = IsolatedReader(reader, wall_seconds=READ_SECONDS, memory_bytes=MEMORY_BYTES)

    def read(self, folder: Path, entry: Entry) -> Result:
        """Read one receipt; whatever its photographs are, an answer comes."""
        before = self._cpu_seconds()
        try:
            photos = [self._decoded(folder, image) for image in entry.images]
            reading = self.reader.read(photos)
        except (Unreadable, ReaderCrashed, ValueError) as error:
            return Result(None, str(error))
        used = max(0.0, self._cpu_seconds() - before)
        return Result(reading, "", used, peak_bytes(self.reader.child.pid), len(photos))

    def close(self) -> None:
        self.decoder.close()
        self.reader.close()

    def _cpu_seconds(self) -> float:
        return cpu_seconds(self.decoder.pid) + cpu_seconds(self.reader.child.pid)

    def _decoded(self, folder: Path, image: str) -> bytes:
        """The photograph's pixels encoded anew, as an upload's are."""
        try:
            answer = self.decoder.ask([(folder / image).read_bytes()])
        except OSError as error:
            raise Unreadable(f"{image}: {error.strerror}") from error
        except ChildFailed as error:
            raise Unreadable(f"{image}: {error}") from error
        facts, _, jpeg = answer.partition(b"\n")
        if refused := json.loads(facts).get("refused"):
            raise Unreadable(f"{image}: {refused}")
        return jpeg


def read_all(
    folder: Path,
    entries: Sequence[Entry],
    *,
    reader: str = DEFAULT_READER,
    processes: int | None = None,
    progress: Callable[[Entry, Result], None] = lambda entry, result: None,
) -> list[Result]:
    """Read all entries; the results stand in the order of the entries, however they were shared out."""
    count = processes or min(MOST_PROCESSES, len(os.sched_getaffinity(0)))
    idle: queue.Queue[Station] = queue.Queue()
    stations = [Station(reader) for _ in range(count)]
    for station in stations:
        idle.put(station)

    def read(entry: Entry) -> Result:
        station = idle.get()
        try:
            result = station.read(folder, entry)
        finally:
            idle.put(station)
        progress(entry, result)
        return result

    try:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(read, entries))
    finally:
        for station in stations:
            station.close()


def cpu_seconds(pid: int | None) -> float:
    """Processor time of a process and of the programs it has run; 0 where there is none or the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int | None) -> int:
    """The most that a process ever held in memory; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
