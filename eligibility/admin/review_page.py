"""What stands on the review page: figures with their doubt and proof, boxes on the photographs, look-alikes."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.desk.fields import yen
from campaigns.selectors import receipts_at_most
from eligibility.admin.forms import FIGURES
from eligibility.models import RingMember
from eligibility.ring_words import LINKS
from eligibility.sums import present_sum, reasons_of
from participants.models import Entry
from receipts.dictionary import known_products
from receipts.matching import match_products
from receipts.models import PhotoTrouble, Receipt
from receipts.selectors import current_receipts, earlier_look_alikes, look_alikes, same_photo_receipts

DOUBTFUL = 80  # what was read with less confidence (%) is tinted
SHOWN_ALIKE = 4
READ_AS = {"telephone": "tel", "purchased_on": "date", "purchased_time": "time"}
READ_AS |= {"subtotal_jpy": "subtotal", "tax_jpy": "tax", "total_jpy": "total"}
PROOFS = {
    "check_digit": _("check digit"),
    "weekday": _("weekday fits"),
    "items": _("sum of the items"),
    "subtotal_plus_tax": _("subtotal and tax"),
    "tax_of_total": _("tax fits the total"),
    "bases": _("taxed amounts"),
}
TROUBLES: dict[str, Promise] = {
    PhotoTrouble.TOO_SMALL: _("When it was sent, this photo looked too small to be read."),
    PhotoTrouble.TOO_DARK: _("When it was sent, this photo looked too dark to be read."),
    PhotoTrouble.GLARE: _("When it was sent, light seemed to wash this photo out."),
    PhotoTrouble.BLURRED: _("When it was sent, this photo looked blurred."),
    PhotoTrouble.NO_PRINT: _("When it was sent, no print of a receipt was seen on this photo."),
    PhotoTrouble.CUT_OFF: _("When it was sent, the receipt seemed to go on beyond this photo."),
}
SHOWN_OF_RING = 12
NAMES = {field.name: field.verbose_name for field in Receipt._meta.fields}


def chosen_receipt(receipts: list[Receipt], named: str) -> Receipt | None:
    """Give the receipt of an entry that the address names, else the last one sent."""
    last = receipts[-1] if receipts else None
    return next((receipt for receipt in receipts if str(receipt.public_id) == named), last)


def summed(entry: Entry, shown: Receipt | None) -> dict[str, Any] | None:
    """Give all receipts of an entry with what each counts for, where its campaign adds them up."""
    if receipts_at_most(entry.campaign) == 1 or (found := present_sum(entry)) is None:
        return None
    receipts = {str(receipt.public_id): receipt for receipt in current_receipts(entry.pk)}
    rows = [
        {"number": number, "receipt": receipts[part.receipt_id], "part": part, "reasons": reasons_of(part)}
        for number, part in enumerate(found.parts, start=1)
    ]
    place = next((index for index, row in enumerate(rows) if row["receipt"] == shown), 0)
    return {"total": found, "rows": rows, "shown": shown, "following": rows[(place + 1) % len(rows)] if rows else None}


def figure_rows(figures: Any, receipt: Receipt | None) -> list[dict[str, Any]]:
    """Give each figure's field with how surely it was read and what proves it."""
    if receipt is None:
        return []
    read: Mapping[str, Any] = (receipt.reading or {}).get("fields", {})
    return [_row(figures[name], read.get(READ_AS.get(name, name))) for name in FIGURES]


def _row(field: Any, reading: Mapping[str, Any] | None) -> dict[str, Any]:
    percent = None if reading is None else round(reading.get("confidence", 0) * 100)
    proofs = [PROOFS.get(proof, proof) for proof in (reading or {}).get("proofs", [])]
    return {
        "field": field,
        "percent": percent,
        "proofs": proofs,
        "is_doubtful": percent is not None and percent < DOUBTFUL,
    }


def line_rows(lines: Any, receipt: Receipt | None) -> list[dict[str, Any]]:
    """Give each line's form with its confidence, and which product of the campaign it is taken for."""
    if receipt is None:
        return []
    printed = {line.position: line for line in receipt.lines.all()}
    known = known_products(receipt)
    products = [
        {"name": product.name, "jan": product.jan, "printed_forms": product.printed_forms}
        for product in receipt.campaign.target_products.all()
    ]
    rows = []
    for position, form in enumerate(lines, start=1):
        line = printed.get(position)
        rows.append(
            {
                "form": form,
                "line": line,
                "is_doubtful": line is not None and line.confidence < DOUBTFUL,
                "known": known.get(position, {}).get("name"),
                "match": _match(line, products) if line else None,
            }
        )
    return rows


def _match(line: Any, products: list[dict[str, Any]]) -> dict[str, Any] | None:
    item = {"name": line.name, "jan": line.jan or None, "quantity": line.quantity, "price_jpy": line.price_jpy}
    found = match_products([item], products)
    return {"product": found[0].product, "percent": round(found[0].score * 100)} if found else None


def boxes(receipt: Receipt | None, figures: Any) -> dict[int, list[dict[str, Any]]]:
    """Give for each photograph (from 0) the boxes of what was read there, from top to bottom, and each one's field."""
    reading: Mapping[str, Any] = (receipt.reading or {}) if receipt else {}
    fields = reading.get("fields", {})
    named = [
        (figures[name].id_for_label, figures[name].label, fields.get(READ_AS.get(name, name)) or {})
        for name in (FIGURES if fields else ())
    ]
    items = [
        (f"id_lines-{number}-name", item.get("name", ""), item | {"value": yen(item.get("price_jpy"))})
        for number, item in enumerate(reading.get("items", []))
    ]
    found: dict[int, list[dict[str, Any]]] = {}
    for target, label, read in [*items, *named]:
        region = read.get("region")
        if region and region.get("polygon"):
            box = _box(region["polygon"]) | {"field": target, "label": label, "value": read.get("value", "")}
            found.setdefault(region.get("photo", 0), []).append(box)
    return {photo: sorted(of_photo, key=lambda box: (box["y"], box["x"])) for photo, of_photo in found.items()}


def _box(polygon: list[list[float]]) -> dict[str, Any]:
    xs, ys = [point[0] for point in polygon], [point[1] for point in polygon]
    left, top = min(xs), min(ys)
    return {"x": round(left), "y": round(top), "width": round(max(xs) - left), "height": round(max(ys) - top)}


def photographs(receipt: Receipt | None, figures: Any) -> list[dict[str, Any]]:
    """Give the photographs with their boxes, and what looked wrong with each at the first glance."""
    if receipt is None:
        return []
    found = boxes(receipt, figures)
    return [
        {"photo": photo, "boxes": found.get(index, []), "trouble": TROUBLES.get(photo.trouble, "")}
        for index, photo in enumerate(receipt.photos.all())
        if not photo.purged_at
    ]


def alikes(receipt: Receipt | None) -> list[dict[str, Any]]:
    """Give other receipts that may be the same paper, with their photographs."""
    if receipt is None:
        return []
    same = [(found, _("the very same file")) for found in same_photo_receipts(receipt)[:SHOWN_ALIKE]]
    own = [(found.receipt, _("sent before in this entry")) for found in earlier_look_alikes(receipt)[:SHOWN_ALIKE]]
    near = [(found.receipt, _("figures agree")) for found in look_alikes(receipt)[:SHOWN_ALIKE]]
    shown: dict[int, dict[str, Any]] = {}
    for other, why in [*own, *same, *near]:
        shown.setdefault(other.pk, {"receipt": other, "why": why, "photos": list(other.photos.all())})
    return list(shown.values())[:SHOWN_ALIKE]


def compared(receipt: Receipt | None, others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the figures of the receipt beside those of its look-alikes, and mark where they differ."""
    if receipt is None or not others:
        return []
    rows = []
    for name in FIGURES:
        mine = getattr(receipt, name)
        cells = [getattr(other["receipt"], name) for other in others]
        if any(value not in ("", None) for value in [mine, *cells]):
            label = NAMES[name]
            theirs = [{"value": value, "differs": value != mine} for value in cells]
            rows.append({"label": label, "mine": mine, "theirs": theirs})
    return rows


def ring_of(entry: Entry) -> dict[str, Any] | None:
    """Give the people whom an entrant seems to belong to: how many, what links how many of them, and their entries."""
    member = RingMember.objects.select_related("ring").filter(entry=entry).first()
    if member is None:
        return None
    entries = Entry.objects.filter(ring_member__ring=member.ring)
    links = [{"text": LINKS[kind], "count": count} for kind, count in member.ring.evidence.items() if kind in LINKS]
    return {
        "pk": member.ring_id,
        "score": member.ring.score,
        "people": entries.order_by().values("participant").distinct().count(),
        "links": links,
        "entry_count": entries.count(),
        "others": entries.exclude(pk=entry.pk).order_by("submitted_at")[:SHOWN_OF_RING],
    }
