"""The SQLite hammer in a process of its own, `python -m tests.races.sqlite_hammer`: prints what happened as JSON.

It forks before it has opened the database, so that each process has a connection of its own and Django starts once.
"""

import json
import multiprocessing
import sys
from datetime import datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import django

PROCESSES, PEOPLE, CODES = 6, 8, 40


def make_world() -> int:
    """Open a campaign in which everyone wins while codes last; returns its key."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from campaigns.services import publish_campaign
    from codes.services import activate_batch, generate_codes
    from core import clock
    from tests import factories

    now = clock.now()
    campaign = factories.CampaignFactory.create(
        entry_opens_at=now - timedelta(days=1), entry_closes_at=now + timedelta(days=1)
    )
    factories.KpiTargetFactory.create(campaign=campaign)
    factories.TermsVersionFactory.create(campaign=campaign)
    prize = factories.PrizeFactory.create(course__campaign=campaign, kind="own_code")
    batch = generate_codes(prize_id=prize.pk, name="在庫", count=CODES, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    publish_campaign(campaign_id=campaign.pk, now=now)
    return campaign.pk


def enter(campaign_id: int, email: str, now: datetime) -> bool:
    """Take the whole way of one person."""
    from journeys.services import advance_entry
    from participants.models import EntryStatus
    from participants.services import agree, give_email, start_entry, submit_entry, verify_identity

    entry = start_entry(campaign_id=campaign_id, now=now)
    identity = give_email(entry_id=entry.pk, email=email, now=now)
    verify_identity(identity_id=identity.pk, now=now)
    agree(entry_id=entry.pk, wants_news=False, now=now)
    submit_entry(entry_id=entry.pk, now=now)
    return advance_entry(entry_id=entry.pk, now=now).status == EntryStatus.WON


def people(campaign_id: int, name: str, start: Barrier, answers: "Queue[tuple[int, int]]") -> None:
    """One process: people enter one after the other."""
    from django.db import OperationalError

    from core import clock

    won = locked = 0
    start.wait(60)
    for person in range(PEOPLE):
        try:
            won += enter(campaign_id, f"{name}-{person}@example.jp", clock.now())
        except OperationalError as error:
            locked += "locked" in str(error)
    answers.put((won, locked))


def hammer(campaign_id: int, mode: str, patience_seconds: int) -> dict[str, int]:
    """Have all processes begin at once; counts winners and locked databases."""
    from django.conf import settings
    from django.db import connections

    options: dict[str, Any] = settings.DATABASES["default"]["OPTIONS"]
    options |= {"transaction_mode": mode, "timeout": patience_seconds}
    connections.close_all()
    del connections["default"]  # opened anew with these options, in each process
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(PROCESSES), context.Queue()
    running = [
        context.Process(target=people, args=(campaign_id, f"{mode}{number}", start, answers))
        for number in range(PROCESSES)
    ]
    for process in running:
        process.start()
    counted = [answers.get(timeout=120) for _process in running]
    for process in running:
        process.join(20)
    return {"won": sum(won for won, _locked in counted), "locked": sum(locked for _won, locked in counted)}


if __name__ == "__main__":
    django.setup()
    from core import clock
    from journeys.audit import violations

    campaign = make_world()
    immediate = hammer(campaign, "IMMEDIATE", 20)
    broken = violations(clock.now())
    deferred = hammer(campaign, "DEFERRED", 1)
    sys.stdout.write(json.dumps({"immediate": immediate, "broken": broken, "deferred": deferred}))
