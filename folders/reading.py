"""From a folder's index to a file of predictions."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from folders.judging import Desk, nothing
from folders.photographs import DEFAULT_READER, Entry, Result, read_all
from receipts.ocr.base import Json

FRAUD = "fraud"


class UnusableFolder(Exception):
    """The folder has no index, or one that says something else."""


def read_folder(folder: Path, out: Path, *, reader: str = DEFAULT_READER, processes: int | None = None) -> list[Result]:
    """Read and judge all sections of a folder's index, each under its own name, into one JSON file.

    Raises:
        UnusableFolder: there is no index.json, or index.json or campaigns.json is not what it should be.
        ReaderUnavailable: the engine is not installed here.
    """
    entries = entries_of(folder)
    desk = Desk(campaigns_of(folder))
    done = 0

    def tell(entry: Entry, result: Result) -> None:
        nonlocal done
        done += 1
        if result.failure:
            sys.stderr.write(f"{entry.section} {entry.name}: {result.failure}\n")
        sys.stderr.write(f"{done}/{len(entries)} {entry.name}\n")

    results = read_all(folder, entries, reader=reader, processes=processes, progress=tell)
    write_atomically(out, predictions(desk, entries, results))
    return results


def predictions(desk: Desk, entries: Sequence[Entry], results: Sequence[Result]) -> dict[str, Json]:
    """Judge readings in the order of their sending."""
    answers: dict[str, Json] = {entry.section: {} for entry in entries}
    for entry, result in zip(entries, results, strict=True):
        is_fraud = entry.section == FRAUD
        if result.reading is None:
            answer = nothing(is_fraud=is_fraud)
        else:
            answer = (desk.fraud if is_fraud else desk.receipt)(entry.name, result.reading)
        answers[entry.section][entry.name] = answer
    return answers


def entries_of(folder: Path) -> list[Entry]:
    """What the folder's index lists, in its order; a section may be a list of entries or an object of them."""
    index = _json(folder / "index.json")
    try:
        return [
            Entry(section, entry["id"], tuple(entry.get("images") or [entry["image"]]))
            for section, listed in index.items()
            for entry in listed
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise UnusableFolder("index.json: sections of {id, images} are expected") from error


def campaigns_of(folder: Path) -> list[Json]:
    """The campaigns to judge by, if the folder holds any."""
    path = folder / "campaigns.json"
    found: list[Json] = _json(path) if path.exists() else []
    if not all({"id", "from", "to"} <= set(campaign) for campaign in found):
        raise UnusableFolder("campaigns.json: a campaign needs id, from and to")
    return found


def write_atomically(path: Path, data: object) -> None:
    """Write JSON so that nobody ever sees half of it."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, indent=1)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableFolder(f"{path.name}: {error}") from error
