"""店舗マスター: a file of shops, taken in whole or not at all."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

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
EMPTIES = ("-", "－")
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
    chains = _keep_chains(agency_id, rows, counts)
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
    try:
        with transaction.atomic():
            Shop.objects.bulk_update(known, [*FIELDS, "decided_by", "decided_at"], batch_size=CHUNK)
            Shop.objects.bulk_create(new, batch_size=CHUNK)
    except IntegrityError as error:  # two rows come to the same shop, or a reviewer has just taught one of them
        raise MasterNotAccepted(reason="shops_overlap") from error


def _checked(table: Table) -> list[Row]:
    """Give the rows in the form in which they are stored; others join the table's problems."""
    rows: list[Row] = []
    seen: set[Any] = set()
    for row, cells in table.rows:
        numbers, problem = _numbers(cells)
        telephone, place = numbers.get("telephone", ""), (cells["chain"], cells.get("branch", ""))
        identities = {telephone} - {"", *EMPTIES} | ({place} if place[1] or not telephone else set())
        if not problem and cells.get("status") and cells["status"].lower() not in STATUSES:
            problem = "status_unknown"
        if not problem and identities & seen:
            problem = "shop_twice"
        seen |= identities
        if problem:
            table.problems.append((row, problem))
        else:
            rows.append((row, cells | numbers))
    return rows


def _numbers(cells: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """Give the numbers of a row as they are stored, and what is wrong with them."""
    numbers: dict[str, str] = {}
    for key, read in (("telephone", telephone_of), ("registration_no", registration_of)):
        cell = cells.get(key, "")
        numbers[key], problem = (cell, None) if cell in EMPTIES else read(cell)
        if problem:
            return {}, problem
    return numbers, None


def _kept(cell: str) -> str:
    """Give what a cell says is to be kept; a lone hyphen empties the field."""
    return "" if cell in EMPTIES else cell


def _keep_chains(agency_id: int, rows: list[Row], counts: Counter[str]) -> dict[str, ShopChain]:
    chains = {chain.name: chain for chain in ShopChain.objects.filter(agency=agency_id)}
    wanted: dict[str, dict[str, Any]] = {}
    for _row, cells in rows:
        wanted.setdefault(cells["chain"], cells)
    new = [ShopChain(agency_id=agency_id, name=name) for name in wanted if name not in chains]
    counts["chains"] = len(new)
    chains |= {chain.name: chain for chain in ShopChain.objects.bulk_create(new, batch_size=CHUNK)}
    for name, cells in wanted.items():
        if kana := cells.get("chain_kana"):
            chains[name].kana = _kept(kana)
        if forms := cells.get("chain_forms"):
            chains[name].printed_forms = listed(_kept(forms))
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
        of_telephone = by_telephone.get(cells["telephone"])
        branch = cells.get("branch") or (of_telephone.branch if of_telephone else "")
        place = (chains[cells["chain"]].pk, branch)
        of_branch = by_branch.get(place)
        if of_branch and not branch and of_branch.telephone and cells["telephone"]:
            of_branch = None  # shops whose branch is not known are told apart by telephone only
        if of_telephone and of_branch and of_branch != of_telephone:
            table.problems.append((row, "telephone_of_other_shop"))
            continue
        shop = of_telephone or of_branch or Shop(agency_id=agency_id)
        differs = _fill(shop, place[0], cells)
        counts["added" if shop.pk is None else "changed" if differs else "same"] += 1
        changed += [shop] if differs else []
    return changed


def _fill(shop: Shop, chain_id: int, cells: Mapping[str, Any]) -> bool:
    """Write a row into a shop; what the row leaves blank stays as it is. Tells whether anything changed."""
    values: dict[str, Any] = {"chain_id": chain_id}
    keys = ("branch", "kana", "telephone", "registration_no")
    values |= {key: _kept(cells[key]) for key in keys if cells.get(key)}
    if cells.get("printed_forms"):
        values["printed_forms"] = listed(_kept(cells["printed_forms"]))
    if cells.get("status"):
        values["status"] = STATUSES[cells["status"].lower()]
    differs = shop.pk is None or any(getattr(shop, key) != value for key, value in values.items())
    for key, value in values.items():
        setattr(shop, key, value)
    return differs
