"""店舗マスター: a file of shops, taken in whole or not at all."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Agency
from receipts.errors import MasterNotAccepted
from receipts.models import KnowledgeSource, Shop, ShopChain, ShopStatus
from receipts.tables import Table, listed, read_table, registration_of, telephone_of

HEADERS = {
    "chain": {"chain", "チェーン", "チェーン名", "店名", "企業名"},
    "chain_kana": {"chain_kana", "チェーン名カナ", "カナ"},
    "chain_forms": {"chain_forms", "チェーンのレシート表記"},
    "branch": {"branch", "店舗", "店舗名", "支店", "支店名"},
    "kana": {"branch_kana", "店舗名カナ", "支店名カナ"},
    "printed_forms": {"branch_forms", "店舗のレシート表記", "支店のレシート表記"},
    "telephone": {"telephone", "tel", "電話番号", "電話"},
    "registration_no": {"registration_no", "登録番号", "インボイス登録番号", "t番号"},
    "status": {"active", "status", "状態", "有効"},
}
STATUSES = {
    **dict.fromkeys(("有効", "使用中", "active", "1", "true", "はい", "○"), ShopStatus.ACTIVE),
    **dict.fromkeys(("無効", "停止", "off", "0", "false", "いいえ", "×"), ShopStatus.OFF),
    **dict.fromkeys(("候補", "proposed"), ShopStatus.PROPOSED),
}
FIELDS = ["chain", "branch", "kana", "printed_forms", "telephone", "registration_no", "status"]
CHUNK = 1000
Row = tuple[int, dict[str, Any]]


@transaction.atomic
def import_shops(*, agency_id: int, data: bytes, actor_id: int, now: datetime) -> Counter[str]:
    """Take shops in from a CSV: new ones are added, known ones (by telephone, else by chain and branch) changed.

    Returns how many rows were `rows`, `added`, `changed`, `same`, and how many `chains` are new.

    Raises:
        MasterNotAccepted: rows that cannot be used, all of them named; nothing is kept.
    """
    agency = Agency.objects.select_for_update().get(pk=agency_id)  # two files at once: one after the other
    table = read_table(data, HEADERS, "chain")
    rows = _checked(table)
    counts = Counter(rows=len(table.rows) + len(table.problems))
    chains = _keep_chains(agency_id, rows, table.columns, counts)
    changed = _placed(agency_id, chains, rows, table, counts)
    if table.problems:
        raise MasterNotAccepted(sorted(table.problems))
    _store(changed, actor_id, now)
    facts: dict[str, Any] = dict(counts)
    audit.record("shops.imported", subject=agency, agency_id=agency_id, actor_id=actor_id, **facts)
    return counts


def _store(changed: list[Shop], actor_id: int, now: datetime) -> None:
    new = [shop for shop in changed if shop.pk is None]
    known = [shop for shop in changed if shop.pk is not None]
    for shop in new:
        shop.taught_by_id, shop.taught_at, shop.source = actor_id, now, KnowledgeSource.IMPORTED
    for shop in known:
        shop.decided_by_id, shop.decided_at = actor_id, now
    Shop.objects.bulk_create(new, batch_size=CHUNK)
    Shop.objects.bulk_update(known, [*FIELDS, "decided_by", "decided_at"], batch_size=CHUNK)


def _checked(table: Table) -> list[Row]:
    """Give the rows in the form in which they are stored; others join the table's problems."""
    rows: list[Row] = []
    seen: set[Any] = set()
    for row, cells in table.rows:
        telephone, wrong_telephone = telephone_of(cells.get("telephone", ""))
        registration_no, wrong_registration = registration_of(cells.get("registration_no", ""))
        status = cells.get("status", "")
        identity = telephone or (cells["chain"], cells.get("branch", ""))
        problem = wrong_telephone or wrong_registration
        if not problem and status and status.lower() not in STATUSES:
            problem = "status_unknown"
        if not problem and identity in seen:
            problem = "shop_twice"
        seen |= {identity, (cells["chain"], cells.get("branch") or row)}
        if problem:
            table.problems.append((row, problem))
            continue
        numbers = {"telephone": telephone, "registration_no": registration_no}
        rows.append((row, cells | {key: value for key, value in numbers.items() if key in table.columns}))
    return rows


def _keep_chains(agency_id: int, rows: list[Row], columns: set[str], counts: Counter[str]) -> dict[str, ShopChain]:
    chains = {chain.name: chain for chain in ShopChain.objects.filter(agency=agency_id)}
    wanted: dict[str, dict[str, Any]] = {}
    for _row, cells in rows:
        wanted.setdefault(cells["chain"], cells)
    new = [ShopChain(agency_id=agency_id, name=name) for name in wanted if name not in chains]
    counts["chains"] = len(new)
    chains |= {chain.name: chain for chain in ShopChain.objects.bulk_create(new, batch_size=CHUNK)}
    for name, cells in wanted.items():
        if "chain_kana" in columns:
            chains[name].kana = cells["chain_kana"]
        if "chain_forms" in columns:
            chains[name].printed_forms = listed(cells["chain_forms"])
    ShopChain.objects.bulk_update([chains[name] for name in wanted], ["kana", "printed_forms"], batch_size=CHUNK)
    return chains


def _placed(
    agency_id: int, chains: Mapping[str, ShopChain], rows: list[Row], table: Table, counts: Counter[str]
) -> list[Shop]:
    """Give the shops that are new or differ from their rows."""
    shops = list(Shop.objects.select_for_update().filter(agency=agency_id).order_by("pk"))
    by_telephone = {shop.telephone: shop for shop in shops if shop.telephone}
    by_branch = {(shop.chain_id, shop.branch): shop for shop in shops}
    changed: list[Shop] = []
    for row, cells in rows:
        place = (chains[cells["chain"]].pk, cells.get("branch", ""))
        of_branch = by_branch.get(place)
        if of_branch and not place[1] and of_branch.telephone and cells.get("telephone"):
            of_branch = None  # shops whose branch is not known are told apart by telephone only
        of_telephone = by_telephone.get(cells.get("telephone", ""))
        if of_telephone and of_branch and of_branch != of_telephone:
            table.problems.append((row, "telephone_of_other_shop"))
            continue
        shop = of_telephone or of_branch or Shop(agency_id=agency_id)
        differs = _fill(shop, place[0], cells)
        counts["added" if shop.pk is None else "changed" if differs else "same"] += 1
        changed += [shop] if differs else []
    return changed


def _fill(shop: Shop, chain_id: int, cells: Mapping[str, Any]) -> bool:
    """Write a row into a shop; columns that the file does not have stay as they are. Tells whether anything changed."""
    values: dict[str, Any] = {"chain_id": chain_id}
    values |= {key: cells[key] for key in ("branch", "kana", "telephone", "registration_no") if key in cells}
    if "printed_forms" in cells:
        values["printed_forms"] = listed(cells["printed_forms"])
    if cells.get("status"):
        values["status"] = STATUSES[cells["status"].lower()]
    differs = shop.pk is None or any(getattr(shop, key) != value for key, value in values.items())
    for key, value in values.items():
        setattr(shop, key, value)
    return differs
