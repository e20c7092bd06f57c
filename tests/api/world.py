"""What the API's tests have in common: two agencies with a campaign each, keys, and a caller."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Agency, Scope
from accounts.services import create_agency, issue_api_key
from campaigns.models import (
    Campaign,
    EntryRule,
    KpiMetric,
    KpiTarget,
    Mechanic,
    Objective,
    Prize,
    PrizeCourse,
    PrizeKind,
    Question,
    QuestionKind,
    RuleGroup,
    RuleKind,
    Sponsor,
    Store,
    Survey,
    TermsVersion,
    TrackedLink,
)
from campaigns.services import publish_campaign
from codes.models import Award, CodeLock, Redemption, Reservation
from codes.services import (
    activate_batch,
    award_prizes,
    generate_codes,
    lock_code,
    redeem_code,
    reserve_code,
    reveal_code,
)
from draws.models import DrawResult
from participants.models import Entry, EntryStatus, Participant

ALL_SCOPES = tuple(Scope)
JSON = "application/json"


@dataclass
class Tenant:
    """An agency with one open campaign."""

    agency: Agency
    campaign: Campaign
    prize: Prize
    store: Store
    question: Question
    link: TrackedLink
    key: str

    @property
    def api(self) -> "Caller":
        return Caller(self.key)


class Caller:
    """Calls the API with a key, as an agency's system would."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def get(self, path: str, **parameters: Any) -> Any:
        return self.client.get(f"/api/v1{path}", parameters)

    def post(self, path: str, body: Any = None, *, key: str | None = "k-1", raw: bytes | None = None, **headers: str):
        sent = {"Idempotency-Key": key} if key else {}
        data = raw if raw is not None else json.dumps(body or {})
        return self.client.post(f"/api/v1{path}", data, content_type=JSON, headers=sent | headers)

    def delete(self, path: str):
        return self.client.delete(f"/api/v1{path}")

    def upload(self, path: str, form: dict[str, Any], *, key: str | None = "k-1"):
        return self.client.post(f"/api/v1{path}", form, headers={"Idempotency-Key": key} if key else {})


def make_tenant(slug: str, *, rules: tuple[RuleKind, ...] = (), mechanic: Mechanic = Mechanic.EVERYONE) -> Tenant:
    """Make an agency whose campaign is open; by default everyone who enters wins an own code of 500 yen."""
    agency = create_agency(name=f"代理店 {slug}", slug=slug)
    sponsor = Sponsor.objects.create(
        agency=agency, name="水引飲料", inquiry_name="事務局", inquiry_email="desk@example.jp"
    )
    now = timezone.now()
    campaign = Campaign.objects.create(
        agency=agency,
        sponsor=sponsor,
        slug=f"{slug}-campaign",
        title="夏のキャンペーン",
        objective=Objective.TRIAL,
        mechanic=mechanic,
        entry_opens_at=now - timedelta(days=1),
        entry_closes_at=now + timedelta(days=30),
        purchase_from_on=now.date() - timedelta(days=30),
        purchase_until_on=now.date() + timedelta(days=30),
    )
    KpiTarget.objects.create(campaign=campaign, metric=KpiMetric.ENTRIES, target=100)
    TermsVersion.objects.create(campaign=campaign, body="規約")
    course = PrizeCourse.objects.create(campaign=campaign, name="A賞")
    prize = Prize.objects.create(course=course, name="500円ギフト", kind=PrizeKind.OWN_CODE, face_value_jpy=500)
    group = RuleGroup.objects.create(campaign=campaign)
    for kind in rules or (RuleKind.SURVEY,):
        EntryRule.objects.create(group=group, kind=kind)
    survey = Survey.objects.create(campaign=campaign)
    question = Question.objects.create(
        survey=survey, position=1, text="味はいかがでしたか", kind=QuestionKind.SINGLE, choices=["よい", "ふつう"]
    )
    link = TrackedLink.objects.create(campaign=campaign, name="店頭", channel="store")
    store = Store.objects.create(agency=agency, code="001", name="銀座店")
    publish_campaign(campaign_id=campaign.pk, actor_id=None, now=now)
    campaign.refresh_from_db()
    _key, secret = issue_api_key(agency_id=agency.pk, name="test", scopes=ALL_SCOPES)
    return Tenant(agency, campaign, prize, store, question, link, secret)


def winning_code(tenant: Tenant) -> tuple[Award, str]:
    """Give somebody an award of the tenant's campaign and open its code."""
    now = timezone.now()
    batch = generate_codes(prize_id=tenant.prize.pk, name="自社コード", count=1, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    return _won(tenant, now)


def winning_codes(tenant: Tenant, count: int, *, now: datetime) -> list[str]:
    """Give so many people an award each, out of one batch, and open their codes."""
    batch = generate_codes(prize_id=tenant.prize.pk, name="自社コード", count=count, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    return [_won(tenant, now)[1] for _winner in range(count)]


def _won(tenant: Tenant, now: datetime) -> tuple[Award, str]:
    entry = Entry.objects.create(
        agency=tenant.agency,
        campaign=tenant.campaign,
        participant=Participant.objects.create(agency=tenant.agency),
        status=EntryStatus.WON,
        submitted_at=now,
    )
    result = DrawResult.objects.create(agency=tenant.agency, entry=entry, course=tenant.prize.course, decided_at=now)
    (award,) = award_prizes(result_id=result.pk, now=now)
    return award, reveal_code(award_id=award.pk, now=now).code


def sale(code: str, number: str = "A-1", **changes: Any) -> dict[str, Any]:
    """What a till sends to redeem a code under a number of its own."""
    return {
        "code": code,
        "store_id": "001",
        "terminal_id": "T1",
        "pos_transaction_id": number,
        "occurred_at": "2026-06-01T03:00:00Z",
    } | changes


def redeemed(tenant: Tenant, *, amount_jpy: int | None = None) -> Redemption:
    """Redeem a fresh code of the tenant in its store."""
    _award, code = winning_code(tenant)
    return redeem_code(
        agency_id=tenant.agency.pk,
        presented=code,
        store_id=tenant.store.pk,
        amount_jpy=amount_jpy,
        now=timezone.now(),
    )


def reserved(tenant: Tenant, *, reference: str = "order-1") -> Reservation:
    """Reserve a fresh code of the tenant for an hour."""
    now = timezone.now()
    batch = generate_codes(prize_id=tenant.prize.pk, name="自社コード", count=1, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    return reserve_code(
        agency_id=tenant.agency.pk, prize_id=tenant.prize.pk, reference=reference, ttl_seconds=3600, now=now
    )


def key_with(tenant: Tenant, *scopes: Scope) -> Caller:
    """Issue another key of the tenant with these scopes only."""
    return Caller(issue_api_key(agency_id=tenant.agency.pk, name="narrow", scopes=scopes)[1])


def entry_body(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """An entry that the tenant's campaign accepts."""
    return {
        "campaign": str(tenant.campaign.public_id),
        "email": "hanako@example.jp",
        "answers": [{"question": str(tenant.question.public_id), "values": ["よい"]}],
        "terms_agreed": True,
    } | changes


def locked(tenant: Tenant) -> CodeLock:
    """Set a fresh code of the tenant aside."""
    _award, code = winning_code(tenant)
    return lock_code(
        agency_id=tenant.agency.pk,
        presented=code,
        store_id=tenant.store.pk,
        ttl_seconds=300,
        now=timezone.now(),
    )
