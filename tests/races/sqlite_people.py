"""One process of the SQLite hammer: `python -m tests.races.sqlite_people CAMPAIGN PEOPLE MODE`.

Waits for a line on its input, so that all processes begin together, then has people enter one after the other. MODE is
the transaction mode of the database: IMMEDIATE as in `config.settings.local`, or DEFERRED to show what that prevents.
"""

import os
import sys


def main(campaign_id: int, people: int, mode: str) -> None:
    """Enter and print how many won, or the name of what went wrong."""
    import django

    django.setup()
    from django.conf import settings

    settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] = mode
    settings.DATABASES["default"]["OPTIONS"]["timeout"] = 20 if mode == "IMMEDIATE" else 1
    from django.db import OperationalError

    from core import clock

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    won = locked = 0
    for person in range(people):
        try:
            won += enter(campaign_id, f"{os.getpid()}-{person}@example.jp", clock.now())
        except OperationalError as error:
            locked += "locked" in str(error)
    sys.stdout.write(f"{won} {locked}\n")


def enter(campaign_id: int, email: str, now) -> bool:
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


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
