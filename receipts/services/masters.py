"""Chains of the shop master and products of the dictionary, as an operator writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from accounts import audit
from campaigns.models import Sponsor
from core.text import has_controls
from receipts.errors import KnownAlready, NameNotAccepted
from receipts.matching import fold
from receipts.models import Product, ShopChain
from receipts.tables import LONGEST_CELL, jan_of


def keep_chain(
    *, agency_id: int, name: str, kana: str, printed_forms: Sequence[str], actor_id: int, chain_id: int | None = None
) -> ShopChain:
    """Add a chain to an agency's shop master, or change one: receipts read from now on are recognised by it.

    Raises:
        NameNotAccepted: a text is empty, too long, or with control characters.
        KnownAlready: the agency has another chain of this name.
    """
    forms = list(dict.fromkeys(form.strip() for form in printed_forms if form.strip()))
    values: dict[str, Any] = {"name": _checked(name), "kana": _checked(kana, may_be_empty=True)}
    values["printed_forms"] = [_checked(form) for form in forms]
    chain = ShopChain.objects.get(pk=chain_id, agency=agency_id) if chain_id else ShopChain(agency_id=agency_id)
    return _keep(chain, values, "chain", actor_id)


def keep_product(*, sponsor_id: int, name: str, jan: str, actor_id: int, product_id: int | None = None) -> Product:
    """Add a product to a sponsor's dictionary, or change one; the names on receipts stay with it.

    Raises:
        NameNotAccepted: the name is empty, too long, or with control characters; or the JAN code is none.
        KnownAlready: the sponsor has another product of this name and JAN code, or of this JAN code.
    """
    code, problem = jan_of(jan)
    folded = fold(_checked(name))[:200]
    if problem or not folded:
        raise NameNotAccepted
    sponsor = Sponsor.objects.get(pk=sponsor_id)
    product = Product.objects.get(pk=product_id, sponsor=sponsor) if product_id else Product(sponsor=sponsor)
    product.agency_id = sponsor.agency_id
    if code and Product.objects.filter(sponsor=sponsor, jan=code).exclude(pk=product.pk).exists():
        raise KnownAlready
    return _keep(product, {"name": _checked(name), "jan": code, "folded": folded}, "product", actor_id)


@transaction.atomic
def _keep[Row: (ShopChain, Product)](row: Row, values: Mapping[str, Any], kind: str, actor_id: int) -> Row:
    is_new = row.pk is None
    changes = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    changes.pop("folded", None)  # follows from the name
    for name, value in values.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise KnownAlready from error
    if is_new or changes:
        facts = {} if is_new else {"changes": changes}
        audit.record(f"{kind}.{'added' if is_new else 'changed'}", subject=row, actor_id=actor_id, **facts)  # type: ignore[arg-type]
    return row


def _checked(text: str, *, may_be_empty: bool = False) -> str:
    plain = text.strip()
    if has_controls(plain) or len(plain) > LONGEST_CELL or not (plain or may_be_empty):
        raise NameNotAccepted
    return plain
