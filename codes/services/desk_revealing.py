"""A person at the desk is shown one code: with a reason, no more than so many a day, and the trail knows first."""

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Agency, Role, User
from codes.errors import CodeNotGivenOut, RevealQuotaReached
from codes.export_errors import CodeOnPaperOnly
from codes.models import Award, CodeStatus, GiftCode
from codes.reveal_quota import AT_DESK, alarm_count, reveals_today
from codes.selectors import RevealedCode, open_code
from codes.services.journaling import journal_award
from core.queueing import enqueue_on_commit


def reveal_to_desk(*, gift_code_id: int, actor_id: int, reason: str, now: datetime) -> RevealedCode:
    """Show a code that was given out to somebody at the desk; it counts as shown, so it is never replaced after.

    Raises:
        CodeNotGivenOut: it is in stock, where nobody needs to read it, or blocked.
        CodeOnPaperOnly: it was printed, and its text was lost with the database.
        RevealQuotaReached: this person was shown as many today as one may be.
        JournalUnavailable, KeyUnavailable: it cannot be shown right now.
    """
    gift_code = GiftCode.objects.select_related("award").get(pk=gift_code_id)
    _check_given_out(gift_code)
    if gift_code.is_on_paper_only:
        raise CodeOnPaperOnly(gift_code_id=gift_code_id)
    award = getattr(gift_code, "award", None)
    if award is not None:
        journal_award(award_id=award.pk, now=now)
    _note(gift_code, award, actor_id, reason, now)
    return open_code(gift_code)


def _check_given_out(gift_code: GiftCode) -> None:
    if gift_code.status not in (CodeStatus.ISSUED, CodeStatus.PRINTED):
        raise CodeNotGivenOut(status=gift_code.status)


@transaction.atomic
def _note(gift_code: GiftCode, award: Award | None, actor_id: int, reason: str, now: datetime) -> None:
    User.objects.select_for_update().get(pk=actor_id)  # two presses at once are counted one after the other
    shown = reveals_today(actor_id=actor_id, now=now)
    if shown >= settings.REVEALS_A_DAY:
        raise RevealQuotaReached(count=shown)
    if award is not None:
        Award.objects.select_for_update().get(pk=award.pk)
        gift_code.refresh_from_db(fields=["status"])  # another may have been put in its place a moment ago
        _check_given_out(gift_code)
        Award.objects.filter(pk=award.pk).update(
            claimed_at=Coalesce("claimed_at", now),
            revealed_at=Coalesce("revealed_at", now),
            reveal_count=F("reveal_count") + 1,
        )
    audit.record(
        AT_DESK, subject=award or gift_code, actor_id=actor_id, reason=reason, gift_code=str(gift_code.public_id)
    )
    if shown + 1 == alarm_count():
        enqueue_on_commit("codes.tasks.warn_of_reveals", actor_id=actor_id, agency_id=gift_code.agency_id)


def warn_of_reveals(*, actor_id: int, agency_id: int, now: datetime) -> int:
    """Write to the agency's other operators that somebody was shown many codes today; returns to how many."""
    agency = Agency.objects.get(pk=agency_id)
    others = User.objects.filter(memberships__agency=agency, memberships__role=Role.OPERATOR, is_active=True)
    addresses = list(others.exclude(pk=actor_id).exclude(email="").values_list("email", flat=True))
    if not addresses:
        return 0
    figures = {
        "name": User.objects.get(pk=actor_id).get_username(),
        "count": reveals_today(actor_id=actor_id, now=now),
        "limit": settings.REVEALS_A_DAY,
        "agency": agency.name,
    }
    text = _(
        "%(name)s was shown %(count)s codes at the desk of %(agency)s today (%(limit)s are allowed).\n"
        "Please look into the audit trail whether each of them was needed."
    )
    for address in addresses:
        send_mail(_("Many codes were shown at the desk"), text % figures, None, [address])
    return len(addresses)
