"""Against guessing at tills (T04, T05): codes refused as unknown are counted where no caller can choose the counter.

A till has so many unknown codes an hour, a web shop as many as its store's page says, and an agency has so many in all.
Sales, and refusals of codes that exist, are never counted. Once an agency's are used up, each of its tills keeps a few,
so that whoever guesses at one cannot close the others.

What is left to who guesses, a day: at one till 24 * 120 = 2,880 guesses, at a web shop 24 * 600 at most; with a key
that opens S stores at most 24 * (1,000 + 30 * S), which is 31,200 for 10 stores. They hit one of N live numbers among
all M possible ones with a chance of about guesses * N / M:

    M                                       one till, N = 1,000     ten stores, N = 100,000
    30 ** 15  codes of 16 letters, digits   2e-16                   2e-13
    10 ** 17  numbers of 24 digits          3e-11                   3e-8
    10 ** 10  JAN                           3e-4                    one every three days

So JAN is for few codes at a time; as a one-time number it lives for five minutes, and few are live. Calls that run at
once may pass a limit by as many as there are.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from codes.errors import CodeNotAccepted
from codes.models import OfflineDispute
from codes.services.redemption.offline import OfflineAnswer
from eligibility.errors import TooManyAttempts
from eligibility.services import Window, note_attempts, spend_attempt, spent_attempts, window_of

log = structlog.get_logger(__name__)

AT_A_TILL = 120  # unknown codes an hour
IN_AN_AGENCY = 1_000
MEANWHILE = 30  # at a till of an agency whose thousand are used up
WINDOW_SECONDS = 3600


@dataclass(frozen=True)
class Guesser:
    """Who tries codes: `till` is a key with its store, or a store's staff page; nothing that a caller makes up.

    `limit` is how many unknown codes an hour the store allows it.
    """

    agency_id: int
    till: str
    limit: int = AT_A_TILL

    def windows(self, now: datetime) -> list[Window]:
        """Give what is counted: the till, and its agency."""
        scopes = (f"unknown:till:{self.agency_id}:{self.till}", f"unknown:agency:{self.agency_id}")
        return [window_of(scope=scope, window_seconds=WINDOW_SECONDS, now=now) for scope in scopes]


def spend_try(*, guesser: Guesser, scope: str, limit: int, window_seconds: int, now: datetime, tries: int = 1) -> None:
    """Spend tries of a terminal; what was guessed before is read in the same statement.

    Raises:
        TooManyAttempts: the terminal has no tries left, or too many unknown codes were tried.
    """
    watched = guesser.windows(now)
    spent = spend_attempt(
        scope=scope, limit=limit, window_seconds=window_seconds, now=now, tries=tries, watched=watched
    )
    _judge(guesser, spent, now)


def check_guesser(*, guesser: Guesser, now: datetime) -> None:
    """Refuse whoever has tried too many unknown codes.

    Raises:
        TooManyAttempts: this hour has no more.
    """
    _judge(guesser, spent_attempts(windows=guesser.windows(now)), now)


@contextmanager
def unknown_codes_counted(*, guesser: Guesser, now: datetime) -> Iterator[None]:
    """Count a code that is refused as unknown. Goes around the transaction of the try, whose end it outlives."""
    try:
        yield
    except CodeNotAccepted:
        note_attempts(windows=guesser.windows(now))
        raise


def count_unknown_reports(*, guesser: Guesser, store_id: int, answers: Sequence[OfflineAnswer], now: datetime) -> None:
    """Count the unknown codes among uses reported at `now`; what had been reported before is not counted again."""
    unknown = [answer.pos_transaction_id for answer in answers if answer.reason == CodeNotAccepted.code]
    if unknown:
        disputes = OfflineDispute.objects.filter(store_id=store_id, pos_transaction_id__in=unknown, received_at=now)
        note_attempts(windows=guesser.windows(now), tries=disputes.count())


def _judge(guesser: Guesser, spent: Sequence[int], now: datetime) -> None:
    at_till, in_agency = spent
    if at_till < (MEANWHILE if in_agency >= IN_AN_AGENCY else guesser.limit):
        return
    log.warning("guessing_stopped", agency_id=guesser.agency_id, name=guesser.till)
    raise TooManyAttempts(wait=WINDOW_SECONDS - int(now.timestamp()) % WINDOW_SECONDS)
