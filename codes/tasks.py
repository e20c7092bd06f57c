"""Codes past their day leave the stock; codes that a supplier makes are asked for."""

import structlog
from celery import shared_task

from codes import services
from core import clock
from core.errors import DomainError

log = structlog.get_logger(__name__)


@shared_task(name="codes.tasks.expire_codes")
def expire_codes() -> None:
    """Expire what is past its day; repeats are harmless."""
    services.expire_codes(now=clock.now())


@shared_task(name="codes.tasks.make_card")
def make_card(*, gift_code_id: int) -> None:
    """Have the card of one code made. Repeats are harmless: the same request gives the same card."""
    try:
        services.make_card(gift_code_id=gift_code_id, now=clock.now())
    except DomainError as error:  # noted in its row, where the sweep finds it
        log.warning("card_not_made", gift_code_id=gift_code_id, code=error.code)


@shared_task(name="codes.tasks.sweep_cards")
def sweep_cards() -> None:
    """Ask for the cards that a lost message, a dead worker or an absent supplier left unmade."""
    services.make_due_cards(now=clock.now())


@shared_task(name="codes.tasks.order_missed_cards")
def order_missed_cards() -> None:
    """Ask for what was given out in another way than by a win; repeats are harmless."""
    services.order_missed_cards(now=clock.now())
