"""Serial codes and reference numbers come in."""

import uuid
from collections.abc import Iterable, Sequence

from django.db import transaction

from accounts import audit
from campaigns.models import Campaign
from core.crypto import blind_index, encrypt
from core.random_codes import random_code
from core.text import canonical_number
from eligibility.errors import ListNotAccepted
from eligibility.models import ReferenceList, ReferenceNumber, Serial, SerialBatch
from participants.models import ProofKind

CHUNK = 5000
SERIAL_LENGTH = 14


@transaction.atomic
def create_serial_batch(
    *,
    campaign_id: int,
    name: str,
    values: Sequence[str],
    uses_allowed: int = 1,
    actor_id: int | None = None,
) -> SerialBatch:
    """Keep a list of serial codes of a campaign.

    Raises:
        ListNotAccepted: rows that are no code, or stand twice in the list or in the campaign; nothing is kept.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    numbers = _canonical(values)
    _refuse_known(Serial, campaign, ProofKind.SERIAL, numbers)
    batch = SerialBatch.objects.create(
        public_id=uuid.uuid4(),
        agency_id=campaign.agency_id,
        campaign=campaign,
        name=name,
        uses_allowed=uses_allowed,
    )
    Serial.objects.bulk_create(
        (
            Serial(
                batch=batch,
                campaign=campaign,
                uses_allowed=uses_allowed,
                value_index=_index(campaign, ProofKind.SERIAL, number),
                value_ciphertext=encrypt(number, table="serial", column="value", row=batch.public_id),
            )
            for number in numbers
        ),
        batch_size=CHUNK,
    )
    audit.record("serials.added", subject=batch, actor_id=actor_id, count=len(numbers))
    return batch


def generate_serials(
    *,
    campaign_id: int,
    name: str,
    count: int,
    uses_allowed: int = 1,
    actor_id: int | None = None,
) -> SerialBatch:
    """Make `count` new serial codes of 14 symbols (64 random bits and a check character)."""
    values = list({random_code(SERIAL_LENGTH) for _number in range(count)})
    while len(values) < count:
        values = list({*values, random_code(SERIAL_LENGTH)})
    return create_serial_batch(
        campaign_id=campaign_id,
        name=name,
        values=values,
        uses_allowed=uses_allowed,
        actor_id=actor_id,
    )


@transaction.atomic
def create_reference_list(
    *,
    campaign_id: int,
    name: str,
    label: str,
    values: Sequence[str],
    uses_allowed: int = 1,
    actor_id: int | None = None,
) -> ReferenceList:
    """Keep a client's reference numbers, as keyed hashes only.

    Raises:
        ListNotAccepted: rows that are no number, or stand twice in the list or in the campaign; nothing is kept.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    numbers = _canonical(values)
    _refuse_known(ReferenceNumber, campaign, ProofKind.REFERENCE, numbers)
    references = ReferenceList.objects.create(agency_id=campaign.agency_id, campaign=campaign, name=name, label=label)
    ReferenceNumber.objects.bulk_create(
        (
            ReferenceNumber(
                list=references,
                campaign=campaign,
                uses_allowed=uses_allowed,
                value_index=_index(campaign, ProofKind.REFERENCE, number),
            )
            for number in numbers
        ),
        batch_size=CHUNK,
    )
    audit.record("references.added", subject=references, actor_id=actor_id, count=len(numbers))
    return references


def _canonical(values: Iterable[str]) -> list[str]:
    numbers: list[str] = []
    problems: list[tuple[int, str]] = []
    seen: set[str] = set()
    for row, value in enumerate(values, start=1):
        number = canonical_number(value)
        if not (4 <= len(number) <= 40 and number.isascii() and number.isalnum()):
            problems.append((row, "number_malformed"))
        elif number in seen:
            problems.append((row, "duplicate_in_list"))
        seen.add(number)
        numbers.append(number)
    if problems or not numbers:
        raise ListNotAccepted(problems)
    return numbers


def _refuse_known(
    model: type[Serial] | type[ReferenceNumber],
    campaign: Campaign,
    kind: ProofKind,
    numbers: Sequence[str],
) -> None:
    problems: list[tuple[int, str]] = []
    for start in range(0, len(numbers), CHUNK):
        indexes = [_index(campaign, kind, number) for number in numbers[start : start + CHUNK]]
        known = set(
            model.objects.filter(campaign=campaign, value_index__in=indexes).values_list("value_index", flat=True)
        )
        problems += [(start + row, "already_listed") for row, index in enumerate(indexes, start=1) if index in known]
    if problems:
        raise ListNotAccepted(problems)


def _index(campaign: Campaign, kind: ProofKind, number: str) -> str:
    return blind_index(number, field=f"number.{kind}", tenant=campaign.pk)
