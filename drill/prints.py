"""What the drill of restoring does with codes on paper: two batches, one older than the dump and one made after it."""

from dataclasses import dataclass, field
from typing import Any

COUNT = 20
USED = 5


@dataclass
class Papers:
    """Codes on paper by public id, and the batches they are of."""

    batches: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


def make_batch(world: Any) -> Any:
    """A batch that is to be printed and waits."""
    from codes.models import BatchPurpose
    from codes.services import generate_codes
    from tests.factories import NOW

    return generate_codes(
        prize_id=world.prize.pk, name="店頭用", count=COUNT, expires_at=None, now=NOW, purpose=BatchPurpose.PRINT
    )


def print_and_use(world: Any, batch: Any, papers: Papers) -> None:
    """Two people have it printed, it is put into stock, and some of its codes are used."""
    from codes.selectors import open_code
    from codes.services import activate_batch, redeem_code
    from tests.factories import NOW

    write_out(world, batch)
    activate_batch(batch_id=batch.pk, now=NOW)
    papers.batches.append(str(batch.public_id))
    for number, code in enumerate(batch.gift_codes.order_by("pk")):
        text = papers.texts[str(code.public_id)] = open_code(code).code
        if number < USED:
            redeem_code(
                agency_id=world.agency.pk, store_id=world.store.pk, presented=text, amount_jpy=100 + number, now=NOW
            )


def write_out(world: Any, batch: Any) -> int:
    """Have a batch written out by two people who know of no earlier time; returns how many codes that were."""
    from codes.services import approve_export, request_export, run_job
    from tests.factories import NOW, UserFactory

    job = request_export(
        batch_id=batch.pk, form="vouchers", symbology="qr", reason="drill", now=NOW, actor_id=world.operator.pk
    )
    other: Any = UserFactory()  # type: ignore[no-untyped-call]
    approve_export(job_id=job.pk, now=NOW, actor_id=other.pk)
    return int(run_job(job_id=job.pk, now=NOW).done_count)


def printed_twice(world: Any, papers: Papers) -> int:
    """Count the codes that are on paper already and that two people can have printed for others."""
    from codes.export_errors import PrintedBefore
    from codes.models import CodeBatch

    twice = 0
    for batch in CodeBatch.objects.filter(public_id__in=papers.batches):
        try:
            twice += write_out(world, batch)
        except PrintedBefore:
            continue
    return twice


def refused_at_the_till(world: Any, papers: Papers) -> int:
    """Count the codes on paper that no till would take."""
    from codes.presented import presented_code

    return sum(presented_code(agency_id=world.agency.pk, presented=text) is None for text in papers.texts.values())
