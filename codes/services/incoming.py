"""What every way of bringing codes in shares: the batch, its positions, its seal, and the codes that are known."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit
from campaigns.brand_rules import brand_problem
from campaigns.models import Custody, Prize
from codes.brand_errors import BrandNotKept
from codes.csv_import import CodeRow
from codes.models import BatchStatus, CodeBatch, CodeJob, GiftCode, JobStatus
from codes.sealing import CodeSealer, code_indexes
from codes.services.job_loop import OPEN
from core.index_keys import are_changing
from core.japanese import format_yen

CHUNK = 25_000  # codes that come in with one transaction: a fraction of a second, beside which its own costs are little


def prize_of(prize_id: int) -> Prize:
    """Give a prize with what sealing and judging its codes needs."""
    return Prize.objects.select_related("course__campaign", "gift_brand").get(pk=prize_id)


def agency_of(prize: Prize) -> int:
    """Give the id of the agency that a prize belongs to."""
    return prize.course.campaign.agency_id


def new_batch(prize: Prize, **values: Any) -> CodeBatch:
    """Make a batch of a prize, each code worth what the prize is.

    Raises:
        BrandNotKept: as `check_brand`.
    """
    check_brand(prize)
    agency_id = agency_of(prize)
    return CodeBatch.objects.create(agency_id=agency_id, prize=prize, face_value_jpy=prize.face_value_jpy, **values)


def check_brand(prize: Prize) -> None:
    """Refuse codes of our own or out of a file where each is made by its supplier.

    Raises:
        BrandNotKept: the supplier of the prize's gift brand makes each code itself.
    """
    if prize.gift_brand is not None and prize.gift_brand.custody == Custody.FETCHED:
        raise BrandNotKept(prize_id=prize.pk)


def next_position(prize: Prize) -> int:
    """Give the first position behind all codes of a prize and behind those that are on their way in."""
    last = prize.batches.aggregate(last=Max("last_position"))["last"] or 0
    coming = CodeJob.objects.filter(batch__prize=prize, status__in=OPEN)
    ends = [job.parameters["first"] + job.total_count - 1 for job in coming if "first" in job.parameters]
    return int(max([last, *ends])) + 1


def sealer_of(prize: Prize) -> CodeSealer:
    """Give what seals the codes of a prize's campaign."""
    return CodeSealer(agency_id=agency_of(prize), campaign_public_id=prize.course.campaign.public_id)


def known_rows(prize: Prize, rows: Sequence[CodeRow], indexes: Sequence[str]) -> dict[int, str]:
    """Name the rows whose code the agency has already, under whatever index key, and in which way it has it.

    `indexes` are those of the rows under the current key.
    """
    agency_id = agency_of(prize)
    found = _places_of(agency_id, list(indexes))
    former: dict[str, int] = {}
    if are_changing():
        former = {index: row.row for row in rows for index in code_indexes(agency_id=agency_id, code=row.code)[1:]}
        found |= _places_of(agency_id, list(former))
    own = prize.course.campaign_id
    known: dict[int, str] = {}
    for index, row in zip(indexes, rows, strict=True):
        if index in found:
            known[row.row] = _duplicate(found[index], own)
    return known | {row: _duplicate(found[index], own) for index, row in former.items() if index in found}


def import_sentences(prize: Prize, usable: int, problem_count: int) -> list[str]:
    """Say in words what an import would do."""
    figures = {"count": f"{usable:,}", "prize": prize.name, "total": format_yen(usable * prize.face_value_jpy)}
    if not problem_count:
        return [_("%(count)s codes for “%(prize)s” can be put into stock, worth %(total)s in all.") % figures]
    return [
        _("%(count)s codes of the file are good for “%(prize)s”, worth %(total)s in all.") % figures,
        ngettext(
            "%(count)s row cannot be used; nothing is imported until it is corrected.",
            "%(count)s rows cannot be used; nothing is imported until they are corrected.",
            problem_count,
        )
        % {"count": f"{problem_count:,}"},
    ]


def close_loading(job: CodeJob, now: datetime) -> None:
    """Make a batch whose last chunk is in ready for activation, in the caller's transaction."""
    batch = CodeBatch.objects.select_for_update().get(pk=job.batch_id or 0)
    batch.move_to(BatchStatus.STAGED)
    job.refresh_from_db()
    job.move_to(JobStatus.DONE, finished_at=now, lease_until=None, total_count=job.done_count)
    actor_id = job.requested_by_id
    audit.record("batch.staged", subject=batch, actor_id=actor_id, codes=batch.code_count, source=batch.source)


def _places_of(agency_id: int, indexes: list[str]) -> dict[str, int]:
    if not indexes:
        return {}
    stored = GiftCode.objects.filter(agency_id=agency_id, code_index__in=indexes)
    return dict(stored.values_list("code_index", "prize__course__campaign_id"))


def _duplicate(campaign_id: int, own: int) -> str:
    return "duplicate_in_stock" if campaign_id == own else "duplicate_in_other_campaign"


def brand_rows(prize: Prize, rows: Iterable[CodeRow]) -> dict[int, str]:
    """Name the rows with a column that the gift brand of the prize does not take."""
    brand = prize.gift_brand
    if brand is None or not brand.code_fields:
        return {}
    found: dict[int, str] = {}
    for row in rows:
        problems = (brand_problem(brand, name, value) for name, value in _columns_of(row))
        if problem := next(filter(None, problems), None):
            found[row.row] = problem
    return found


def _columns_of(row: CodeRow) -> Iterator[tuple[str, str]]:
    """Give the columns as they stood in the file: a link that is the code as well stood there once."""
    yield "code", "" if row.code == row.url else row.code
    for name in ("pin", "url", "number", "expiry"):
        yield name, getattr(row, name)
