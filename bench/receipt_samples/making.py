"""Makes the sample set: `python -m bench.receipt_samples FOLDER [--seed N] [--each N]`."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from bench.receipt_samples.camera import SHOTS, photograph
from bench.receipt_samples.layouts import LAYOUTS, Layout
from bench.receipt_samples.paper import draw_paper
from bench.receipt_samples.purchases import Purchase, draw_purchase

SEED = 20261128
Json = dict[str, Any]


def make_samples(folder: Path, *, seed: int = SEED, each: int = 1) -> list[Json]:
    """Write `each` receipts of every layout at every difficulty, an index without and a truth with the answers."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    truth = [
        _make(folder, layout, difficulty, seed=zlib.crc32(f"{seed}/{layout.name}/{difficulty}/{copy}".encode()))
        | {"id": f"{layout.name}-{difficulty}-{copy + 1}"}
        for copy in range(each)
        for difficulty in SHOTS
        for layout in LAYOUTS
    ]
    index = [{"id": entry["id"], "images": entry["images"]} for entry in truth]
    _write(folder / "index.json", {"receipts": index})
    _write(folder / "truth.json", truth)
    return truth


def _make(folder: Path, layout: Layout, difficulty: str, *, seed: int) -> Json:
    chance = random.Random(seed)
    purchase = draw_purchase(chance, lines=chance.randint(*layout.lines), is_tax_added=layout.is_tax_added)
    rows = list(layout.rows(purchase))
    paper = np.asarray(draw_paper(rows, style=layout.style, width=layout.width), np.uint8)
    image = f"images/{layout.name}-{difficulty}-{seed:08x}.jpg"
    (folder / image).write_bytes(photograph(paper, SHOTS[difficulty], seed=seed))
    printed = [" ".join(filter(None, (row.left, row.centre, row.right))) for row in rows]
    return {
        "images": [image],
        "layout": layout.name,
        "difficulty": difficulty,
        "text_lines": [line for line in printed if line.strip()],
        **true_figures(layout, purchase),
    }


def true_figures(layout: Layout, purchase: Purchase) -> Json:
    """What a reader should find; null where the layout does not print it."""
    return {
        "store_name": purchase.english if layout.names == "english" else purchase.store,
        "store_aliases": [purchase.store, purchase.english, purchase.company],
        "branch": purchase.branch if layout.has_branch else None,
        "tel": purchase.tel,
        "date": f"{purchase.at:%Y-%m-%d}",
        "time": f"{purchase.at:%H:%M}",
        "receipt_no": purchase.number,
        "registration_no": purchase.registration,
        "items": [
            {
                "name": getattr(line, layout.names),
                "qty": line.quantity,
                "price": line.price,
                "discount": line.discount,
            }
            for line in purchase.lines
        ],
        "subtotal": purchase.goods if layout.has_subtotal else None,
        "tax": purchase.tax,
        "total": purchase.total,
    }


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf-8")
