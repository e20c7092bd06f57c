"""Read a folder of receipts: `python -m receipts.ocr.cli FOLDER OUT.json [--reader PATH] [--plain]`.

FOLDER holds an index.json of sections, each a list of {"id", "images"}; what is read is written with
the same ids. Later receipts are compared with all earlier ones, as an upload would be.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

from receipts import lookalikes
from receipts.imaging_child import prepare, rebuilt
from receipts.isolation import resident_bytes
from receipts.ocr.base import Json, ReaderCrashed, ReceiptReading
from receipts.ocr.matching import ProductForms, match_products
from receipts.ocr.process import IsolatedReader
from receipts.ocr.screen import DOUBTFUL as SCREEN_DOUBTFUL

DEFAULT_READER = "receipts.ocr.rapidocr.RapidOcrReader"
FRAUD = "fraud"


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
        earlier, likeness = self._most_alike(reading)
        self.seen[receipt_id] = {key: found.value for key, found in reading.fields.items()} if reading.is_receipt else {}
        if is_fraud_section:
            return {
                "duplicate_of": earlier,
                "tampered": likeness is not None and likeness.kind is lookalikes.Kind.SAME_RECEIPT_OTHER_FIGURES,
                "is_receipt": reading.is_receipt,
                "complete": reading.is_complete,
                "screen": reading.is_receipt and reading.screen_score >= SCREEN_DOUBTFUL,
            }
        return {**_flat(reading), "duplicate_of": earlier, "campaigns": self._judged(reading)}

    def _most_alike(self, reading: ReceiptReading) -> tuple[str | None, lookalikes.Likeness | None]:
        fields = {key: found.value for key, found in reading.fields.items()}
        found = [(lookalikes.compare(fields, earlier), name) for name, earlier in self.seen.items() if earlier]
        best = max(found, key=lambda pair: pair[0].score, default=None)
        if best is None or best[0].kind is lookalikes.Kind.UNRELATED:
            return None, None
        return best[1], best[0]

    def _judged(self, reading: ReceiptReading) -> Json:
        """Whether a receipt qualifies for each campaign by period, products and their amount."""
        day = reading.value("date") or ""
        verdicts = {}
        for campaign in self.campaigns:
            product = ProductForms(campaign["id"], tuple(campaign["printed_forms"]), tuple(campaign.get("jans", ())))
            matches = [match for match in match_products(reading.items, [product]) if match.is_sure]
            amount = sum(match.item.price_jpy + match.item.discount_jpy for match in matches)
            is_eligible = campaign["from"] <= day <= campaign["to"] and bool(matches) and amount >= campaign["min_amount"]
            verdicts[campaign["id"]] = {"eligible": is_eligible, "amount": amount}
        return verdicts


def read_folder(folder: Path, out: Path, *, reader: str = DEFAULT_READER) -> Desk:
    """Read all sections of a folder's index into one JSON file."""
    desk = Desk(folder, reader)
    index = json.loads((folder / "index.json").read_text("utf-8"))
    result = {
        section: {
            entry["id"]: desk.take(entry["id"], entry.get("images") or [entry["image"]], is_fraud_section=section == FRAUD)
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
    print(
        f"{len(ordered)} receipts; wall seconds each: median {statistics.median(ordered):.2f}, "
        f"95 % {slow:.2f}, most {ordered[-1]:.2f}; child at most {desk.peak_bytes >> 20} MiB between receipts"
    )


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
