"""商品名辞書: a file of products and the forms in which chains print them, taken in whole or not at all."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from campaigns.models import Sponsor
from receipts.errors import MasterNotAccepted
from receipts.matching import fold
from receipts.models import KnowledgeSource, PrintedForm, Product, ShopChain
from receipts.services.dictionary import LEAST_SIGNS
from receipts.tables import Table, jan_of, read_table

HEADERS = {
    "product": {"product", "商品", "商品名"},
    "jan": {"jan", "janコード", "商品コード"},
    "chain": {"chain", "チェーン", "チェーン名"},
    "form": {"form", "レシート表記", "略称"},
    "status": {"status", "状態"},
}
UNDONE = {"取り消し済み", "undone"}
CHUNK = 1000
Row = tuple[int, dict[str, str]]


@transaction.atomic
def import_printed_forms(*, sponsor_id: int, data: bytes, actor_id: int, now: datetime) -> Counter[str]:
    """Take a sponsor's products and their printed forms in from a CSV; known ones stay as they are.

    A row without a chain holds for all chains; a row without a form adds the product only. Rows that the export marks
    as undone are left out. Returns how many rows were `rows`, `added`, `same`, and how many `products` are new.

    Raises:
        MasterNotAccepted: rows that cannot be used, all of them named; nothing is kept.
    """
    sponsor = Sponsor.objects.select_for_update().get(pk=sponsor_id)
    table = read_table(data, HEADERS, "product")
    counts = Counter(rows=len(table.rows) + len(table.problems))
    rows = _checked(table)
    products = _keep_products(sponsor, rows, counts)
    new = _new_forms(sponsor, rows, products, table, counts)
    if table.problems:
        raise MasterNotAccepted(sorted(table.problems))
    for form in new:
        form.taught_by_id, form.taught_at, form.source = actor_id, now, KnowledgeSource.IMPORTED
    PrintedForm.objects.bulk_create(new, batch_size=CHUNK)
    facts: dict[str, Any] = dict(counts)
    audit.record("dictionary.imported", subject=sponsor, actor_id=actor_id, **facts)
    return counts


def _checked(table: Table) -> list[Row]:
    rows: list[Row] = []
    for row, cells in table.rows:
        if cells.get("status", "") in UNDONE:
            continue
        jan, problem = jan_of(cells.get("jan", ""))
        form = cells.get("form", "")
        if not problem and form and len(fold(form)) < LEAST_SIGNS:
            problem = "form_too_short"
        if problem:
            table.problems.append((row, problem))
        else:
            rows.append((row, cells | {"jan": jan, "form": form, "chain": cells.get("chain", "")}))
    return rows


def _keep_products(sponsor: Sponsor, rows: list[Row], counts: Counter[str]) -> dict[tuple[str, str], Product]:
    """Find or add the products of the rows, by folded name and JAN."""
    known = list(Product.objects.filter(sponsor=sponsor))
    by_jan = {product.jan: product for product in known if product.jan}
    by_name = {(product.folded, product.jan): product for product in known}
    found: dict[tuple[str, str], Product] = {}
    new: list[Product] = []
    for _row, cells in rows:
        key = (fold(cells["product"])[:200], cells["jan"])
        product = by_jan.get(key[1]) or by_name.get(key) or (None if key[1] else _named(known, key[0]))
        if product is None:
            product = Product(agency_id=sponsor.agency_id, sponsor=sponsor, name=cells["product"], folded=key[0])
            product.jan = key[1]
            new.append(product)
            by_name[key] = product
            by_jan |= {product.jan: product} if product.jan else {}
        found[key] = product
    Product.objects.bulk_create(new, batch_size=CHUNK)
    counts["products"] = len(new)
    return found


def _named(known: list[Product], folded: str) -> Product | None:
    return next((product for product in known if product.folded == folded), None)


def _new_forms(
    sponsor: Sponsor,
    rows: list[Row],
    products: dict[tuple[str, str], Product],
    table: Table,
    counts: Counter[str],
) -> list[PrintedForm]:
    chains = dict(ShopChain.objects.filter(agency=sponsor.agency_id).values_list("name", "pk"))
    live = PrintedForm.objects.filter(sponsor=sponsor, undone_at__isnull=True)
    held: dict[Any, int] = {(chain, folded): pk for chain, folded, pk in live.values_list("chain", "folded", "product")}
    new: list[PrintedForm] = []
    for row, cells in rows:
        if not cells["form"]:
            continue
        product = products[fold(cells["product"])[:200], cells["jan"]]
        if cells["chain"] and cells["chain"] not in chains:
            table.problems.append((row, "chain_unknown"))
            continue
        place = (chains.get(cells["chain"]), fold(cells["form"])[:200])
        if place in held:
            counts["same"] += held[place] == product.pk
            table.problems += [] if held[place] == product.pk else [(row, "form_taught_otherwise")]
            continue
        held[place] = product.pk
        counts["added"] += 1
        form = PrintedForm(agency_id=sponsor.agency_id, sponsor=sponsor, product=product, chain_id=place[0])
        form.form, form.folded = cells["form"], place[1]
        new.append(form)
    return new
