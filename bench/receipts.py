"""`./run bench receipts [FOLDER]`: how well and how fast photographs of receipts are read.

FOLDER holds images, index.json and truth.json; without one the project's own sample set is made and read, in layouts
that nothing in the reader is fitted to, so that every layout is one left out.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import scoring
from bench.receipt_samples.making import SEED, make_samples
from folders.judging import Desk
from folders.photographs import DEFAULT_READER, Entry, Result, Station, read_all
from folders.reading import campaigns_of, entries_of, predictions, write_atomically
from receipts.ocr.base import ReaderUnavailable

ENGINES = {"rapidocr": DEFAULT_READER, "tesseract": "receipts.ocr.tesseract.TesseractReader"}
DIFFICULTIES = ("clean", "easy", "medium", "hard", "extreme", "lowres", "two_photos")
SECTION = "receipts"
Json = dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Read a set with every engine and print tables in Markdown."""
    chosen = _parsed(arguments)
    with tempfile.TemporaryDirectory(prefix="mizuhiki-bench-") as scratch:
        folder = chosen.folder or Path(scratch)
        if chosen.folder is None:
            make_samples(folder, seed=chosen.seed, each=chosen.each)
        truth = json.loads((folder / "truth.json").read_text("utf-8"))
        entries = sample([entry for entry in entries_of(folder) if entry.section == SECTION], chosen.limit)
        for engine in [chosen.engine] if chosen.engine else ENGINES:
            for line in measured(folder, entries, truth, engine=engine, out=chosen.out):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
    return 0


def measured(
    folder: Path, entries: Sequence[Entry], truth: Sequence[Json], *, engine: str, out: Path | None = None
) -> Iterator[str]:
    """The lines of one engine's report; one that is not installed says so and is passed over."""
    reader = ENGINES.get(engine, engine)
    yield f"\n## {engine}, {len(entries)} receipts\n"
    try:
        cold, cold_cpu = cold_start(folder, entries[0], reader)
        results = read_all(folder, entries, reader=reader, progress=_tell)
    except ReaderUnavailable as error:
        yield f"left out: {error}"
        return
    said = predictions(Desk(campaigns_of(folder)), entries, results)[SECTION]
    if out:
        write_atomically(out, {SECTION: said})
    asked = {entry.name for entry in entries}
    told = [entry for entry in truth if entry["id"] in asked]
    yield from table(scoring.score(told, said), "by difficulty, %", DIFFICULTIES)
    if any("layout" in entry for entry in told):
        yield from by_group(scoring.score(told, said, by="layout"))
    yield from verdicts(told, said)
    yield from doubts(results)
    yield from costs(results, cold, cold_cpu)


def sample(entries: Sequence[Entry], limit: int | None) -> list[Entry]:
    """At most `limit` entries in their order, drawn alike in every run so that engines read the same ones."""
    if not limit or limit >= len(entries):
        return list(entries)
    drawn = random.Random(limit).sample(range(len(entries)), limit)
    return [entries[place] for place in sorted(drawn)]


def cold_start(folder: Path, entry: Entry, reader: str) -> tuple[float, float]:
    """Seconds of wall and of processor time until a new process, models not loaded, has read its first receipt."""
    station = Station(reader)
    begun = time.perf_counter()
    try:
        result = station.read(folder, entry)
    finally:
        station.close()
    return time.perf_counter() - begun, result.cpu_seconds


def table(scores: scoring.Scores, title: str, order: Sequence[str]) -> Iterator[str]:
    """A row for every measure, a column for every group that occurs."""
    present = {group for groups in scores.values() for group in groups} - {scoring.ALL}
    groups = [*(group for group in order if group in present), *sorted(present - set(order)), scoring.ALL]
    yield _row([title, *(f"{group} ({scores['all_four'][group][1]})" for group in groups)])
    yield _row(["---"] * (len(groups) + 1))
    for measure in scoring.MEASURES:
        yield _row([measure, *(_percent(scores[measure][group]) for group in groups)])
    yield ""


def by_group(scores: scoring.Scores) -> Iterator[str]:
    """A row for every layout: no rule of the reader knows it, so its row is that of a layout left out."""
    columns = (
        "all_four",
        "receipt_no",
        "registration_no",
        "store_name",
        "branch",
        "subtotal",
        "tax",
        "item_price",
        "item",
    )
    yield _row(["layout, %", *columns])
    yield _row(["---"] * (len(columns) + 1))
    for group in sorted(scores["all_four"]):
        yield _row([group, *(_percent(scores[measure][group]) for measure in columns)])
    yield ""


def verdicts(truth: Sequence[Json], said: Mapping[str, Json]) -> Iterator[str]:
    """How campaign verdicts fall, where the truth tells them."""
    counts = dict.fromkeys(("approved", "wrongly approved", "buyers not approved", "rightly not approved"), 0)
    for entry in truth:
        for campaign, verdict in (entry.get("campaigns") or {}).items():
            is_due = verdict["eligible"]
            is_given = bool(((said.get(entry["id"]) or {}).get("campaigns") or {}).get(campaign, {}).get("eligible"))
            kind = ("approved" if is_due else "wrongly approved") if is_given else None
            counts[kind or ("buyers not approved" if is_due else "rightly not approved")] += 1
    if any(counts.values()):
        yield "campaign verdicts: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())


def doubts(results: Sequence[Result]) -> Iterator[str]:
    """For what reasons a person was asked, the most frequent first; a receipt may have several."""
    counts = Counter(reason for result in results if result.reading for reason in result.reading.review_reasons)
    if counts:
        yield "asked a person for: " + ", ".join(f"{reason} ({count})" for reason, count in counts.most_common())
        yield ""


def costs(results: Sequence[Result], cold: float, cold_cpu: float) -> Iterator[str]:
    """Processor time of a photograph, safe decoding and second readings included, memory of a process, first answer."""
    seconds = sorted(result.cpu_seconds / result.photos for result in results if result.reading)
    yield _row(["cost", "figure"])
    yield _row(["---"] * 2)
    if seconds:
        slow = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
        yield _row(["CPU seconds a photograph, median", f"{statistics.median(seconds):.2f}"])
        yield _row(["CPU seconds a photograph, p95", f"{slow:.2f}"])
        yield _row(["CPU seconds a photograph, mean", f"{statistics.fmean(seconds):.2f}"])
        peak = max(result.peak_bytes for result in results) / 2**30
        yield _row(["peak memory of a reading process", f"{peak:.2f} GiB"])
    yield _row(["cold start to the first reading", f"{cold:.1f} s, {cold_cpu:.1f} CPU s"])
    yield _row(["unreadable", str(sum(result.reading is None for result in results))])


def _tell(entry: Entry, result: Result) -> None:
    sys.stderr.write(f"{entry.name} {result.cpu_seconds:.1f} s {result.failure}\n")


def _percent(pair: Sequence[int]) -> str:
    return f"{100 * pair[0] / pair[1]:.1f}" if pair[1] else "-"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench receipts", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--engine", help="rapidocr, tesseract, or a reader's dotted path (default: each that is there)")
    parser.add_argument("--limit", type=int, help="read only so many, drawn alike in every run")
    parser.add_argument("--seed", type=int, default=SEED, help="of the sample set")
    parser.add_argument("--each", type=int, default=1, help="receipts of every layout at every difficulty")
    parser.add_argument("--out", type=Path, help="write the predictions as well")
    return parser.parse_args(arguments)
