"""Serial codes and reference numbers come in."""

import uuid
from collections.abc import Iterable, Sequence
from itertools import batched

from django.db import transaction

from accounts import audit
from campaigns.models import Campaign
from core.crypto import encrypt
from core.index_keys import current_key_id
from core.named_locks import hold
from core.random_codes import random_code
from core.text import canonical_number
from eligibility.errors import ListNotAccepted
from eligibility.models import ReferenceList, ReferenceNumber, Serial, SerialBatch
from participants.models import ProofKind
from participants.selectors import number_index, number_indexes

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
                value_index=number_index(campaign_id=campaign.pk, kind=ProofKind.SERIAL, number=number),
                index_key_id=current_key_id(),
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
                value_index=number_index(campaign_id=campaign.pk, kind=ProofKind.REFERENCE, number=number),
                index_key_id=current_key_id(),
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
    """Refuse numbers that the campaign has under whatever index key; lists of one campaign come in one by one."""
    hold(f"numbers:{campaign.pk}:{kind}")
    rows = {
        index: row
        for row, number in enumerate(numbers, start=1)
        for index in number_indexes(campaign_id=campaign.pk, kind=kind, number=number)
    }
    known: set[str] = set()
    for some in batched(rows, CHUNK):
        listed = model.objects.filter(campaign=campaign, value_index__in=some)
        known.update(listed.values_list("value_index", flat=True))
    if known:
        raise ListNotAccepted([(row, "already_listed") for row in sorted({rows[index] for index in known})])
