"""Which shop of the master a receipt is of: by telephone, then by registration number, then by its printed names."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from rapidfuzz import fuzz

from receipts.matching import SHORT_NAME, fold
from receipts.models import Receipt, Shop, ShopChain, ShopStatus
from receipts.ocr.parsing.identity import has_valid_check_digit

SAME_NAME = 0.88  # likeness of two folded names; a logo is read with a sign or two wrong
NEAR_TELEPHONE = "tel_near_shop"
OTHER_REGISTRATION = "registration_no_differs"
OTHER_CHAIN = "shop_differs"


@dataclass(frozen=True)
class Recognised:
    """What the master says; `by` is the figure that told, `doubts` are reasons for a person to look."""

    chain: ShopChain | None = None
    shop: Shop | None = None
    by: str = ""
    doubts: tuple[str, ...] = ()
    agrees: bool = False  # a second figure of the receipt says the same


def recognise(*, agency_id: int, telephone: str, registration_no: str, store_name: str, branch: str = "") -> Recognised:
    """Find the shop that a receipt's figures name; proposed and switched off ones are not looked at."""
    shops = Shop.objects.select_related("chain").filter(agency=agency_id, status=ShopStatus.ACTIVE)
    named = _chain_by_text(agency_id, store_name)
    if telephone and (shop := shops.filter(telephone=telephone).first()):
        return _by_telephone(shop, registration_no, named)
    of_company = shops.filter(registration_no=registration_no) if registration_no else shops.none()
    is_near = bool(telephone) and of_company.filter(telephone__in=_one_digit_off(telephone)).exists()
    doubts = (NEAR_TELEPHONE,) if is_near else ()
    if found := _by_registration(of_company, branch):
        return Recognised(*found, by="registration_no", doubts=doubts, agrees=found[0] == named)
    if named is None:
        return Recognised(doubts=doubts)
    return Recognised(named, _by_branch(shops.filter(chain=named), branch), by="text", doubts=doubts)


def chain_id_of(receipt: Receipt) -> int | None:
    """Give the chain of a receipt, also of one that was read before the master knew its chain."""
    if receipt.chain_id:
        return receipt.chain_id
    found = recognise_receipt(receipt)
    return found.chain.pk if found.chain else None


def recognise_receipt(receipt: Receipt) -> Recognised:
    """Find the shop of a receipt by its figures as they stand now."""
    return recognise(
        agency_id=receipt.agency_id,
        telephone=receipt.telephone,
        registration_no=receipt.registration_no,
        store_name=receipt.store_name,
        branch=receipt.branch,
    )


def _by_telephone(shop: Shop, registration_no: str, named: ShopChain | None) -> Recognised:
    is_other_company = (
        bool(shop.registration_no)
        and has_valid_check_digit(registration_no)
        and registration_no != shop.registration_no
    )
    doubts = [OTHER_REGISTRATION] if is_other_company else []
    if named is not None and named != shop.chain:
        doubts.append(OTHER_CHAIN)
    agrees = named == shop.chain or bool(registration_no and registration_no == shop.registration_no)
    return Recognised(shop.chain, shop, "tel", tuple(doubts), agrees=agrees and not doubts)


def _by_registration(of_company: QuerySet[Shop], branch: str) -> tuple[ShopChain, Shop | None] | None:
    """One company may run several chains and many branches: only what is the same in all of them is taken."""
    chains = list(of_company.order_by("chain").values_list("chain", flat=True).distinct()[:2])
    if len(chains) != 1:
        return None
    several = list(of_company.order_by("pk")[:2])
    shop = several[0] if len(several) == 1 else _by_branch(of_company, branch)
    return several[0].chain, shop


def _by_branch(shops: QuerySet[Shop], branch: str) -> Shop | None:
    wanted = fold(branch)
    if not wanted:
        return None
    found = [shop for shop in shops if wanted in {fold(name) for name in (shop.branch, *shop.printed_forms) if name}]
    return found[0] if len(found) == 1 else None


def _chain_by_text(agency_id: int, store_name: str) -> ShopChain | None:
    """Take the one chain whose name is most like the printed one, if it is like enough."""
    printed = fold(store_name)
    if not printed:
        return None
    scored = [(_likeness(printed, _names(chain)), chain) for chain in ShopChain.objects.filter(agency=agency_id)]
    best = max((score for score, _chain in scored), default=0.0)
    found = [chain for score, chain in scored if score == best]
    return found[0] if best >= SAME_NAME and len(found) == 1 else None


def _names(chain: ShopChain) -> list[str]:
    return [fold(name) for name in (chain.name, chain.kana, *chain.printed_forms) if name]


def _likeness(printed: str, names: Iterable[str]) -> float:
    return max(
        (float(printed == name) if _is_short(printed, name) else fuzz.ratio(printed, name) / 100) for name in names
    )


def _is_short(printed: str, name: str) -> bool:
    return min(len(printed), len(name)) < SHORT_NAME


def _one_digit_off(telephone: str) -> list[str]:
    return [
        telephone[:place] + digit + telephone[place + 1 :]
        for place in range(len(telephone))
        for digit in "0123456789"
        if digit != telephone[place]
    ]
