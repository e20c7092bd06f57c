"""Receipts that nobody has sent before: shop, time, number and total are drawn anew for each run."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from demo.make_receipts import (
    LEAFLET,
    Goods,
    ReceiptSpec,
    as_jpeg,
    draw_leaflet,
    draw_receipt,
    first_shop,
    photograph,
    without_the_product,
)

EARLIER_DAYS = 100  # before every demo campaign's purchase period


def fresh_receipt(now: datetime) -> ReceiptSpec:
    """A receipt of today that meets the campaign's conditions, of a shop that no other run knows."""
    chance = random.SystemRandom()
    spec = first_shop(_moment_today(now, chance))
    return replace(
        spec,
        tel=f"03-0{chance.randrange(1000):03}-{chance.randrange(10_000):04}",
        corporate_number=f"9999{chance.randrange(10**8):08}",
        receipt_no=f"{chance.randrange(10_000):04}-{chance.randrange(10_000):04}",
        goods=(*spec.goods, Goods("りんご", chance.randrange(98, 999))),
    )


def photographs(now: datetime) -> dict[str, bytes]:
    """One good receipt, and four photographs that are refused for a reason each."""
    good, other, early = fresh_receipt(now), without_the_product(fresh_receipt(now)), fresh_receipt(now)
    other = replace(other, purchased_at=_moment_today(now, random.SystemRandom()))
    early = replace(early, purchased_at=early.purchased_at - timedelta(days=EARLIER_DAYS))
    return {
        "good": as_jpeg(photograph(draw_receipt(good), seed=1, degrees=1.6)),
        "wrong_product": as_jpeg(photograph(draw_receipt(other), seed=3, degrees=2.2)),
        "out_of_period": as_jpeg(photograph(draw_receipt(early), seed=4, degrees=-1.2)),
        "not_a_receipt": as_jpeg(photograph(draw_leaflet("町内清掃のお知らせ", LEAFLET), seed=5, degrees=3.0)),
    }


def _moment_today(now: datetime, chance: random.SystemRandom) -> datetime:
    """A minute of today that has passed already; in the first minutes of a day, the day before."""
    passed = int((now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()) // 60
    return now - timedelta(minutes=chance.randrange(1, max(2, passed)))
