"""What happened to a code or a batch, told from the trail: when, what, by whom and why; never what the code says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry
from codes.models import Award, CodeBatch, CodeJob, GiftCode, Reservation, SupplierCard
from codes.reasons import FROM_SUPPLIER, reason_in_words, supplier_reason_in_words

LONGEST = 200
LABELS: dict[str, str | Promise] = {
    "batch.staged": _("came in"),
    "batch.checked": _("was checked"),
    "batch.activation_requested": _("its activation waits for a second person"),
    "batch.activated": _("was put into stock"),
    "batch.paused": _("was held back because of its supplier"),
    "batch.resumed": _("was put back into stock"),
    "batch.quarantined": _("was held back after a restore"),
    "batch.cleared": _("was put back into stock after a restore"),
    "batch.discarded": _("was discarded"),
    "batch.held": _("was held back"),
    "batch.released": _("was put back into stock"),
    "batch.hold_done": _("all its codes are held back"),
    "batch.release_done": _("all its codes are back in stock"),
    "batch.recall_requested": _("its recall was asked for"),
    "batch.recall_approved": _("its recall was confirmed"),
    "batch.recall_cancelled": _("its recall was given up"),
    "batch.recalled": _("was recalled"),
    "batch.recall_done": _("its recall has ended"),
    "batch.codes_blocked": _("its codes were blocked again after a restore"),
    "batch.codes_expired": _("codes of it have expired in stock"),
    "batch.export_requested": _("its codes were asked for in plain text"),
    "batch.export_approved": _("its codes were let out by a second person"),
    "batch.export_refused": _("its codes were not let out"),
    "batch.export_done": _("its codes were written out"),
    "batch.export_failed": _("its codes could not be written out"),
    "batch.export_downloaded": _("the file of its codes was downloaded"),
    "batch.vouchers_shown": _("vouchers of its codes were opened"),
    "code.issued": _("was given out"),
    "code.replaced": _("was put in place of another code"),
    "code.reserved": _("was reserved"),
    "reservation.released": _("its reservation was released"),
    "reservation.expired": _("its reservation has expired"),
    "code.held": _("was held back"),
    "code.released": _("was put back into stock"),
    "code.voided": _("was blocked"),
    "code.revealed": _("was shown to its holder"),
    "code.looked_up": _("was looked up by its text"),
    "code.redeemed": _("was used"),
    "code.reversed": _("its use was reversed"),
    "card.made": _("its card was made by the supplier"),
    "card.refused": _("its card was refused"),
    "card.cancel_ordered": _("its cancelling at the supplier was ordered"),
    "card.cancelled": _("was cancelled at the supplier"),
    "card.cancel_refused": _("the supplier did not cancel it"),
    "code.revealed_at_desk": _("was shown at the desk"),
    "code.not_shown": _("could not be shown"),
    "code.number_shown": _("a barcode for the till was shown"),
    "code.locked": _("was set aside for a purchase"),
    "code.unlocked": _("is no longer set aside"),
    "code.refunded": _("its use was refunded"),
    "code.recovered": _("was known again after a restore"),
    "batch.recovered": _("was known again after a restore"),
    "batch.print_recovered": _("its printed codes were known again after a restore"),
    "award.voided": _("its award was withdrawn"),
    "award.reissued": _("its award was issued anew"),
    "award.reminded": _("its winner was reminded"),
    "job.broke": _("its work broke off"),
    "job.retried": _("its work was tried again"),
    "job.cancelled": _("its work was given up"),
    "stock.counted": _("was counted"),
    "delivery.accepted": _("its message was sent"),
    "delivery.delivered": _("its message has arrived"),
    "delivery.failed": _("its message could not be sent"),
    "delivery.bounced": _("its message came back"),
    "delivery.resent": _("its message was sent again"),
    "delivery.cancelled": _("its message was cancelled"),
    "delivery.unknown": _("its message was sent without an answer"),
}
ACTORS: dict[str, str | Promise] = {"holder": _("the winner"), "claim": _("the winner")}
FIGURES = {"codes": "{:,}件", "amount_jpy": "{:,}円", "difference": "{:+,}"}


@dataclass(frozen=True)
class Moment:
    """One line of a story."""

    at: datetime
    label: str | Promise
    actor: str
    reason: str
    figure: str


def story_of_code(gift_code: GiftCode) -> list[Moment]:
    """Tell the story of a code: its batch, its reservations, its award and message, its uses."""
    subjects: dict[str, list[str]] = {
        GiftCode._meta.label_lower: [str(gift_code.public_id)],
        CodeBatch._meta.label_lower: [str(gift_code.batch.public_id)],
        Reservation._meta.label_lower: _ids(gift_code.reservations.values_list("public_id", flat=True)),
        "codes.suppliercard": _ids(
            SupplierCard.objects.filter(gift_code=gift_code).values_list("public_id", flat=True)
        ),
        "codes.redemption": _ids(gift_code.redemptions.values_list("public_id", flat=True)),
    }
    award = Award.objects.filter(gift_code=gift_code).first()
    if award is not None:
        subjects[Award._meta.label_lower] = [str(award.public_id)]
        delivery = getattr(award, "delivery", None)  # of a later stage, reached by its row alone
        if delivery is not None:
            subjects[delivery._meta.label_lower] = [str(delivery.public_id)]
    stores = dict(gift_code.redemptions.values_list("store__code", "store__name"))  # a till is told by its store's code
    return _told(subjects, hidden=("batch.recall_requested", "batch.recall_cancelled"), actors=ACTORS | stores)


def story_of_batch(batch: CodeBatch) -> list[Moment]:
    """Tell the story of a batch: who brought it in, checked, activated, held and recalled it."""
    subjects = {
        CodeBatch._meta.label_lower: [str(batch.public_id)],
        CodeJob._meta.label_lower: _ids(batch.jobs.values_list("public_id", flat=True)),
        "codes.stockcount": _ids(batch.counts.values_list("public_id", flat=True)),
    }
    return _told(subjects)


def _told(
    subjects: dict[str, list[str]],
    hidden: Iterable[str] = (),
    actors: Mapping[str, str | Promise] = ACTORS,
) -> list[Moment]:
    wanted = Q()
    for subject_type, ids in subjects.items():
        wanted |= Q(subject_type=subject_type, subject_id__in=ids)
    lines = AuditEntry.objects.filter(wanted).exclude(action__in=list(hidden)).select_related("actor")
    return [_moment(line, actors) for line in reversed(list(lines.order_by("-pk")[:LONGEST]))]


def _moment(line: AuditEntry, actors: Mapping[str, str | Promise]) -> Moment:
    return Moment(
        at=line.at,
        label=LABELS.get(line.action, line.action),
        actor=str(line.actor) if line.actor else _actor(line.actor_label, actors),
        reason=_reason(line),
        figure=_figure(line.facts),
    )


def _actor(label: str, actors: Mapping[str, str | Promise]) -> str:
    """Name who did it; of a winner's browser only that it was the winner's."""
    known = label if label in actors else label.partition(":")[0]
    return str(actors.get(known, label))


def _reason(line: AuditEntry) -> str:
    return supplier_reason_in_words(line.reason) if line.action in FROM_SUPPLIER else reason_in_words(line.reason)


def _figure(facts: dict[str, object]) -> str:
    """Write the first figure that a line tells, with its unit."""
    for name, words in FIGURES.items():
        value = facts.get(name)
        if isinstance(value, int):
            return words.format(value)
    return ""


def _ids(public_ids: Iterable[object]) -> list[str]:
    return [str(public_id) for public_id in public_ids]
