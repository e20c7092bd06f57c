"""Read a folder of receipts: `python -m receipts.ocr.cli FOLDER OUT.json [--reader PATH] [--plain]`.

FOLDER holds an index.json of sections, each a list of {"id", "images"}; what is read is written with
the same ids. Later receipts are compared with all earlier ones, as an upload would be.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from receipts import lookalikes
from receipts.imaging_child import prepare, rebuilt
from receipts.isolation import resident_bytes
from receipts.matching import ACCEPT_SCORE, match_products
from receipts.ocr.base import Json, ReaderCrashed, ReceiptReading
from receipts.ocr.process import IsolatedReader
from receipts.ocr.screen import DOUBTFUL as SCREEN_DOUBTFUL

DEFAULT_READER = "receipts.ocr.rapidocr.RapidOcrReader"
FRAUD = "fraud"
TRUSTED_ITEM = 0.62  # confidence of an item whose amount is part of a printed sum


class Desk:
    """Reads receipts in order and remembers them."""

    def __init__(self, folder: Path, reader: str) -> None:
        prepare()
        self.folder = folder
        self.reader = IsolatedReader(reader)
        self.campaigns = _campaigns(folder / "campaigns.json")
        self.seen: dict[str, Mapping[str, str]] = {}
        self.seconds: list[float] = []
        self.peak_bytes = 0

    def take(self, receipt_id: str, images: list[str], *, is_fraud_section: bool) -> Json:
        """Read one receipt and answer in the form its section wants."""
        photos = [rebuilt((self.folder / image).read_bytes())[1] for image in images]
        begun = time.monotonic()
        try:
            reading = self.reader.read(photos)
        except ReaderCrashed as error:
            reading = ReceiptReading(self.reader.name, "", review_reasons=(str(error),))
        self.seconds.append(time.monotonic() - begun)
        self.peak_bytes = max(self.peak_bytes, resident_bytes(self.reader.child.pid or 0))
        figures = _figures(reading)
        earlier, kind = self._most_alike(figures)
        self.seen[receipt_id] = figures if reading.is_receipt else {}
        if not is_fraud_section:
            return {**_flat(reading), "duplicate_of": earlier, "campaigns": self._judged(reading)}
        is_edited = kind == lookalikes.OTHER_FIGURES or "figures_disagree" in reading.review_reasons
        return {
            "duplicate_of": earlier,
            "tampered": earlier is not None and is_edited,
            "is_receipt": reading.is_receipt,
            "complete": reading.is_complete or not reading.is_receipt,
            "screen": reading.is_receipt and reading.screen_score >= SCREEN_DOUBTFUL,
        }

    def _most_alike(self, figures: Mapping[str, str]) -> tuple[str | None, str | None]:
        found = [(lookalikes.compare(figures, earlier), name) for name, earlier in self.seen.items()]
        best = max(found, key=lambda pair: pair[0].score, default=None)
        if best is None or best[0].kind is None:
            return None, None
        return best[1], best[0].kind

    def _judged(self, reading: ReceiptReading) -> Json:
        """Whether a receipt qualifies for each campaign by period, products and their amount."""
        day = reading.value("date") or ""
        trusted = [item.to_json() for item in reading.items if item.confidence >= TRUSTED_ITEM]
        verdicts = {}
        for campaign in self.campaigns:
            forms = campaign["printed_forms"]
            product = {"name": forms[0], "jan": "", "printed_forms": forms}
            matches = [match for match in match_products(trusted, [product]) if match.score >= ACCEPT_SCORE]
            amount = sum(match.price_jpy + match.discount_jpy for match in matches)
            is_due = campaign["from"] <= day <= campaign["to"] and bool(matches) and amount >= campaign["min_amount"]
            verdicts[campaign["id"]] = {"eligible": is_due and not reading.needs_review, "amount": amount}
        return verdicts


def read_folder(folder: Path, out: Path, *, reader: str = DEFAULT_READER) -> Desk:
    """Read all sections of a folder's index into one JSON file."""
    desk = Desk(folder, reader)
    index = json.loads((folder / "index.json").read_text("utf-8"))
    result = {
        section: {
            entry["id"]: desk.take(
                entry["id"], entry.get("images") or [entry["image"]], is_fraud_section=section == FRAUD
            )
            for entry in entries
        }
        for section, entries in index.items()
    }
    out.write_text(json.dumps(result, ensure_ascii=False, indent=1), "utf-8")
    desk.reader.close()
    return desk


def main() -> None:
    """Parse the arguments, read, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--reader", default=DEFAULT_READER)
    arguments = parser.parse_args()
    desk = read_folder(arguments.folder, arguments.out, reader=arguments.reader)
    ordered = sorted(desk.seconds)
    slow = ordered[int(0.95 * (len(ordered) - 1))]
    sys.stdout.write(
        f"{len(ordered)} receipts; wall seconds each: median {statistics.median(ordered):.2f}, "
        f"95 % {slow:.2f}, most {ordered[-1]:.2f}; child at most {desk.peak_bytes >> 20} MiB between receipts\n"
    )


def _figures(reading: ReceiptReading) -> dict[str, str]:
    """The fields in the canonical form in which receipts are compared."""
    return {
        key: found.value if key in ("date", "time") else re.sub(r"[^0-9A-Za-z]", "", found.value)
        for key, found in reading.fields.items()
    }


def _campaigns(path: Path) -> list[Json]:
    campaigns: list[Json] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return campaigns


def _flat(reading: ReceiptReading) -> Json:
    figures = {"subtotal", "tax", "total"}
    fields = {key: int(found.value) if key in figures else found.value for key, found in reading.fields.items()}
    items = [
        {"name": item.name, "qty": item.quantity, "price": item.price_jpy, "discount": item.discount_jpy}
        for item in reading.items
    ]
    return {
        **fields,
        "items": items,
        "is_receipt": reading.is_receipt,
        "complete": reading.is_complete,
        "needs_review": reading.needs_review,
        "review_reasons": list(reading.review_reasons),
        "screen_score": reading.screen_score,
        "seconds": reading.seconds,
        "text": reading.text,
    }


if __name__ == "__main__":
    main()
