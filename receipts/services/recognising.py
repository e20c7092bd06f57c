"""A reading completed by the shop master: the reader itself knows no database."""

import re
from dataclasses import replace

from receipts.models import Receipt
from receipts.ocr.base import FieldReading, ReceiptReading
from receipts.shops import Recognised, recognise

PROOF = "shop_master"
SURE = 0.99


def complete_reading(*, reading: ReceiptReading, agency_id: int) -> tuple[ReceiptReading, Recognised]:
    """Take store and branch of a reading from the master, and let master and reading prove or doubt each other."""
    found = recognise(
        agency_id=agency_id,
        telephone=re.sub(r"[^0-9]", "", reading.value("tel") or ""),
        registration_no=reading.value("registration_no") or "",
        store_name=reading.value("store_name") or "",
        branch=reading.value("branch") or "",
    )
    reasons = _reasons(reading, found)
    if reasons != reading.review_reasons:
        reading = replace(reading, review_reasons=reasons, needs_review=bool(reasons))
    return replace(reading, fields=_fields(reading, found)), found


def note_shop(*, receipt: Receipt, found: Recognised) -> None:
    """Keep on a receipt what the master recognised."""
    receipt.chain, receipt.shop = found.chain, found.shop
    receipt.save(update_fields=["chain", "shop", "updated_at"])


def _reasons(reading: ReceiptReading, found: Recognised) -> tuple[str, ...]:
    """A telephone that the master knows, and that a second figure agrees with, needs no second reading."""
    is_proven = found.by == "tel" and found.agrees
    kept = [reason for reason in reading.review_reasons if not (is_proven and reason == "unsure_tel")]
    return tuple(dict.fromkeys([*kept, *found.doubts]))


def _fields(reading: ReceiptReading, found: Recognised) -> dict[str, FieldReading]:
    fields = dict(reading.fields)
    if found.chain is None or found.doubts:
        return fields
    told_by = fields.get("tel" if found.by == "tel" else "registration_no")
    values = {"store_name": found.chain.name, "branch": found.shop.branch if found.shop else ""}
    for key, value in values.items():
        if value:
            printed = fields.get(key) or told_by
            region = printed.region if printed else None
            fields[key] = FieldReading(value, SURE, region, (*_proofs(fields.get(key)), PROOF))
    for key in _proven(reading, found):
        fields[key] = replace(fields[key], proofs=(*fields[key].proofs, PROOF))
    return fields


def _proven(reading: ReceiptReading, found: Recognised) -> list[str]:
    """The numbers of the receipt that stand in the master just so."""
    keys = ["tel"] if found.by == "tel" else []
    if found.shop and found.shop.registration_no and found.shop.registration_no == reading.value("registration_no"):
        keys.append("registration_no")
    return keys


def _proofs(field: FieldReading | None) -> tuple[str, ...]:
    return field.proofs if field else ()
