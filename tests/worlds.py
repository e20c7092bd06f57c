"""A small open campaign and people who enter it, made by the services themselves, for tests of one stage."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from accounts.models import Agency, User
from campaigns.models import (
    Campaign,
    CampaignStatus,
    Mechanic,
    Prize,
    PrizeCourse,
    PrizeKind,
    RuleKind,
    Store,
)
from campaigns.services import publish_campaign
from codes.models import Award, CodeBatch, CodeJob, JobStatus
from codes.services import activate_batch, create_fetched_batch, generate_codes, reveal_code, run_job
from distribution.models import Delivery
from journeys.services import advance_entry
from participants.models import Entry, Identity
from participants.services import agree, give_email, start_entry, submit_entry, verify_identity
from tests import factories
from tests.factories import NOW

_numbers = count(1)


@dataclass
class World:
    """One agency with one open campaign of one course and one prize."""

    campaign: Campaign
    course: PrizeCourse
    prize: Prize
    store: Store
    operator: User

    @property
    def agency(self) -> Agency:
        return self.campaign.agency


def open_campaign(
    *,
    codes: int = 3,
    mechanic: Mechanic = Mechanic.EVERYONE,
    rules: tuple[RuleKind, ...] = (),
    course: dict[str, Any] | None = None,
    face_value_jpy: int = 500,
    kind: PrizeKind = PrizeKind.OWN_CODE,
    **details: Any,
) -> World:
    """Publish a campaign in which, unless told otherwise, everyone wins a code of 500 yen without any condition."""
    campaign = factories.CampaignFactory.create(mechanic=mechanic, **details)
    factories.KpiTargetFactory.create(campaign=campaign)
    factories.TermsVersionFactory.create(campaign=campaign)
    made = factories.PrizeCourseFactory.create(campaign=campaign, **(course or {}))
    prize = factories.PrizeFactory.create(course=made, kind=kind, face_value_jpy=face_value_jpy)
    if rules:
        group = factories.RuleGroupFactory.create(campaign=campaign)
        for kind in rules:
            factories.EntryRuleFactory.create(group=group, kind=kind, parameters={})
    world = World(
        campaign,
        made,
        prize,
        factories.StoreFactory.create(agency=campaign.agency),
        factories.UserFactory.create(is_superuser=True),
    )
    if codes:
        stock(prize, codes)
    publish_campaign(campaign_id=campaign.pk, now=NOW)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.OPEN
    return world


def stock(prize: Prize, quantity: int) -> None:
    """Put codes of a prize into stock."""
    batch = generate_codes(prize_id=prize.pk, name="自社コード", count=quantity, expires_at=None, now=NOW)
    activate_batch(batch_id=batch.pk, now=NOW)


def fetched_campaign(*, codes: int = 3, **details: Any) -> World:
    """Publish a campaign in which everyone wins a gift card that its supplier makes; needs a supplier to ask."""
    world = open_campaign(codes=0, **details)
    Prize.objects.filter(pk=world.prize.pk).update(
        kind=PrizeKind.GIFT_CODE, gift_brand=factories.FetchedBrandFactory.create()
    )
    world.prize.refresh_from_db()
    stock_fetched(world.prize, codes)
    return world


def goods_campaign(*, kind: PrizeKind = PrizeKind.PHYSICAL, **details: Any) -> World:
    """Publish a campaign in which everyone wins goods worth 3,000 yen that are sent to an address."""
    return open_campaign(codes=0, kind=kind, face_value_jpy=3000, **details)


def address(**changed: str) -> dict[str, str]:
    """Give an address as somebody types it."""
    return {
        "name": "水引 花子",
        "postal_code": "150-0001",
        "prefecture": "東京都",
        "city": "渋谷区",
        "street": "神宮前一丁目2番3号",
        "building": "",
        "phone": "090-1234-5678",
    } | changed


def stock_fetched(prize: Prize, quantity: int) -> CodeBatch:
    """Put codes into stock that a supplier makes as they are given out."""
    batch = create_fetched_batch(prize_id=prize.pk, name="オンデマンド", count=quantity, expires_at=None, now=NOW)
    return activate_batch(batch_id=batch.pk, now=NOW)


def begin(world: World, *, email: str | None = None, confirmed: bool = True, now: datetime = NOW) -> Entry:
    """Begin an entry with an address, confirmed already unless told otherwise, and the agreement to the terms."""
    entry = start_entry(campaign_id=world.campaign.pk, now=now)
    identity = give_email(entry_id=entry.pk, email=email or f"person{next(_numbers)}@example.jp", now=now)
    if confirmed:
        verify_identity(identity_id=identity.pk, now=now)
    agree(entry_id=entry.pk, wants_news=False, now=now)
    entry.refresh_from_db()
    return entry


def send(entry: Entry, *, now: datetime = NOW) -> Entry:
    """Send an entry for its check."""
    return submit_entry(entry_id=entry.pk, now=now)


def worked_off(job: CodeJob, *, now: datetime = NOW) -> CodeJob:
    """Work on a job as workers do, turn by turn, until nothing of it is left."""
    while (job := run_job(job_id=job.pk, now=now)).status == JobStatus.RUNNING:
        pass
    return job


def finish(entry: Entry, *, now: datetime = NOW) -> Entry:
    """Send an entry and carry it as far as it goes."""
    send(entry, now=now)
    return advance_entry(entry_id=entry.pk, now=now)


def win(world: World, **details: Any) -> Award:
    """Have somebody enter and win."""
    entry = finish(begin(world, **details))
    return Award.objects.select_related("gift_code", "entry", "result").get(entry=entry)


def winning_code(world: World) -> tuple[Award, str]:
    """Have somebody enter, win and look at the code."""
    award = win(world)
    return award, reveal_code(award_id=award.pk, now=NOW).code


def notice(world: World, **details: Any) -> Delivery:
    """Have somebody win; returns the message that tells of it, waiting to be sent."""
    return Delivery.objects.get(award=win(world, **details))


def contact(entry: Entry) -> Identity:
    """Give the contact of an entry."""
    return Identity.objects.filter(participant_id=entry.participant_id).latest("pk")
