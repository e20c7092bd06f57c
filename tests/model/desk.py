"""The real side of the model: one campaign, and which row each name of the model stands for."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.models import AuditEntry
from codes.errors import StockBusy
from codes.models import (
    Award,
    CodeBatch,
    CodeLock,
    CodeStatus,
    GiftCode,
    Redemption,
    Reservation,
    Settlement,
    Tombstone,
)
from codes.selectors import open_code
from tests.factories import NOW
from tests.worlds import World, open_campaign

MAIL = {"queued": "queued", "cancelled": "cancelled", "accepted": "sent"}


class Desk:
    """Rows by the names that the operations chose."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or open_campaign(codes=0)
        self.now: datetime = NOW
        self.lots: dict[str, int] = {}
        self.entries: dict[str, int] = {}
        self.awards: dict[str, int] = {}
        self.uses: dict[str, int] = {}
        self.kept: dict[str, int] = {}
        self.carts: dict[str, CodeLock] = {}
        self.presented: dict[str, GiftCode] = {}

    def award(self, name: str) -> Award:
        """Read what a winner holds."""
        return Award.objects.select_related("gift_code", "delivery").get(pk=self.awards[name])

    def code(self, name: str) -> GiftCode:
        """Find a code by its name: the one that the winner has, or one that he had before."""
        codes = self.codes()
        return GiftCode.objects.get(pk=next(pk for pk, known in codes.items() if known == name))

    def text_of(self, gift_code: GiftCode | None) -> str:
        """Give the code as it would be typed at the till."""
        assert gift_code is not None
        return open_code(gift_code).code

    def codes(self) -> dict[int, str]:
        """Name every code that was given out: by its holding, and the how many-th it is there, as the trail tells."""
        awards = Award.objects.filter(pk__in=self.awards.values()).in_bulk()
        shown = {str(awards[pk].public_id): name for name, pk in self.awards.items()}
        had: dict[str, list[int]] = {name: [] for name in self.awards}
        lines = AuditEntry.objects.filter(action="code.replaced", subject_id__in=shown).order_by("pk")
        found = [(shown[line.subject_id], line.facts["in_place_of"]) for line in lines]
        by_id = {
            str(public_id): pk
            for pk, public_id in GiftCode.objects.filter(
                public_id__in=[public_id for _name, public_id in found]
            ).values_list("pk", "public_id")
        }
        for name, public_id in found:
            had[name].append(by_id[public_id])
        for name, pk in self.awards.items():
            had[name].append(awards[pk].gift_code_id or 0)
        return {pk: f"{name}#{count}" for name, pks in had.items() for count, pk in enumerate(pks, start=1)}

    def lot_of(self, gift_code: GiftCode | None) -> str:
        """Name the lot that a code came from."""
        assert gift_code is not None
        return next(name for name, pk in self.lots.items() if pk == gift_code.batch_id)

    def facts(self) -> dict[str, Any]:
        """Read what the model's `facts` foretell."""
        names = self.codes()
        codes = GiftCode.objects.in_bulk(names)
        awards = Award.objects.select_related("delivery", "replaced_by").in_bulk(self.awards.values())
        uses = Redemption.objects.in_bulk(self.uses.values())
        return {
            "lots": self._lots(),
            "codes": {name: self._code(codes[pk]) for pk, name in names.items()},
            "holdings": {name: self._holding(awards[pk], names) for name, pk in self.awards.items()},
            "uses": {
                name: (names[uses[pk].gift_code_id], uses[pk].amount_jpy, uses[pk].reversed_jpy)
                for name, pk in self.uses.items()
            },
            "kept": self._kept(),
            "carts": self._carts(),
            "buried": set(
                Tombstone.objects.filter(store=self.world.store).values_list("pos_transaction_id", flat=True)
            ),
            "settled": dict(Settlement.objects.filter(store=self.world.store).values_list("business_day", "net_jpy")),
        }

    def _lots(self) -> dict[str, tuple[str, Counter[str]]]:
        statuses = dict(CodeBatch.objects.filter(pk__in=self.lots.values()).values_list("pk", "status"))
        codes: dict[int, Counter[str]] = {pk: Counter() for pk in statuses}
        for batch_id, status in GiftCode.objects.filter(batch__in=statuses).values_list("batch_id", "status"):
            codes[batch_id][status] += 1
        return {name: (statuses[pk], codes[pk]) for name, pk in self.lots.items()}

    def _code(self, code: GiftCode) -> tuple[Any, ...]:
        return self.lot_of(code), code.status == CodeStatus.VOID, code.balance_jpy, code.use_count

    def _holding(self, award: Award, names: dict[int, str]) -> tuple[Any, ...]:
        other = getattr(award, "replaced_by", None)
        replaced_by = next((name for name, pk in self.awards.items() if other and pk == other.pk), None)
        is_withdrawn, is_claimed = award.voided_at is not None, award.claimed_at is not None
        code = names[award.gift_code_id or 0]
        return code, is_withdrawn, is_claimed, award.reveal_count, MAIL[award.delivery.status], replaced_by

    def _kept(self) -> dict[str, tuple[Any, ...]]:
        rows = Reservation.objects.select_related("gift_code").in_bulk(self.kept.values())
        found = {name: rows[pk] for name, pk in self.kept.items()}
        return {name: (self.lot_of(row.gift_code), row.status, row.expires_at) for name, row in found.items()}

    def _carts(self) -> set[str]:
        live = CodeLock.objects.filter(expires_at__gt=self.now).values_list("pk", flat=True)
        pks = set(live)
        return {name for name, cart in self.carts.items() if cart.pk in pks}


def until_free[T](act: Callable[[], T]) -> T:
    """Do it again while others hold the codes that are left, as sweeps and callers do."""
    while True:
        try:
            return act()
        except StockBusy:
            continue
