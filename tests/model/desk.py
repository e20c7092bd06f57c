"""The real side of the model: one campaign, and which row each name of the model stands for."""

from collections import Counter
from datetime import datetime
from typing import Any

from codes.models import Award, CodeBatch, CodeStatus, GiftCode, Redemption
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

    def award(self, name: str) -> Award:
        """Read what a winner holds."""
        return Award.objects.select_related("gift_code", "delivery").get(pk=self.awards[name])

    def text_of(self, name: str) -> str:
        """Give the code that a winner would type at the till."""
        gift_code = self.award(name).gift_code
        assert gift_code is not None
        return open_code(gift_code).code

    def lot_of(self, award: Award) -> str:
        """Name the lot that an award's code came from."""
        assert award.gift_code is not None
        return next(name for name, pk in self.lots.items() if pk == award.gift_code.batch_id)

    def facts(self) -> dict[str, Any]:
        """Read what the model's `facts` foretell."""
        statuses = dict(CodeBatch.objects.filter(pk__in=self.lots.values()).values_list("pk", "status"))
        codes: dict[int, Counter[str]] = {pk: Counter() for pk in statuses}
        for batch_id, status in GiftCode.objects.filter(batch__in=statuses).values_list("batch_id", "status"):
            codes[batch_id][status] += 1
        awards = Award.objects.select_related("gift_code", "delivery").in_bulk(self.awards.values())
        holders = {awards[pk].gift_code_id: name for name, pk in self.awards.items()}
        uses = Redemption.objects.in_bulk(self.uses.values())
        return {
            "lots": {name: (statuses[pk], codes[pk]) for name, pk in self.lots.items()},
            "holdings": {name: self._holding(awards[pk]) for name, pk in self.awards.items()},
            "uses": {name: _use(uses[pk], holders) for name, pk in self.uses.items()},
        }

    def _holding(self, award: Award) -> tuple[Any, ...]:
        code = award.gift_code
        assert code is not None
        mail = MAIL[award.delivery.status]
        is_withdrawn, is_claimed = award.voided_at is not None, award.claimed_at is not None
        is_void = code.status == CodeStatus.VOID
        return (self.lot_of(award), is_withdrawn, is_void, code.balance_jpy, is_claimed, award.reveal_count, mail)


def _use(use: Redemption, holders: dict[int | None, str]) -> tuple[str, int, bool]:
    return holders[use.gift_code_id], use.amount_jpy, use.reversed_jpy == use.amount_jpy
