"""Results, codes, awards and messages."""

import uuid
from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from campaigns import models as campaigns
from codes import models as codes
from core.crypto import blind_index, encrypt
from distribution import models as distribution
from draws import models as draws
from participants import models as participants
from tests.factories.entries import EntryFactory, IdentityFactory
from tests.factories.moments import NOW
from tests.factories.offers import CampaignFactory, PrizeCourseFactory, PrizeFactory, StoreFactory
from tests.factories.people import ApiKeyFactory, UserFactory


class DrawFactory(DjangoModelFactory[draws.Draw]):
    class Meta:
        model = draws.Draw

    campaign = factory.SubFactory(CampaignFactory, mechanic=campaigns.Mechanic.LATER)
    agency = factory.SelfAttribute("campaign.agency")


class DrawResultFactory(DjangoModelFactory[draws.DrawResult]):
    """A win of a course of the entry's campaign; `course=None` makes it a loss."""

    class Meta:
        model = draws.DrawResult

    entry = factory.SubFactory(EntryFactory, status=participants.EntryStatus.WON)
    agency = factory.SelfAttribute("entry.agency")
    course = factory.SubFactory(PrizeCourseFactory, campaign=factory.SelfAttribute("..entry.campaign"))
    decided_at = NOW


class CodeBatchFactory(DjangoModelFactory[codes.CodeBatch]):
    class Meta:
        model = codes.CodeBatch

    prize = factory.SubFactory(PrizeFactory)
    agency = factory.SelfAttribute("prize.course.campaign.agency")
    name = "第1回入荷"
    source = codes.CodeSource.IMPORTED
    status = codes.BatchStatus.ACTIVE
    code_count = 1
    face_value_jpy = factory.SelfAttribute("prize.face_value_jpy")


class GiftCodeFactory(DjangoModelFactory[codes.GiftCode]):
    """A code in stock; `code` is the text that is sealed."""

    class Meta:
        model = codes.GiftCode

    class Params:
        code = factory.Sequence(lambda n: f"CANARY{n:010d}")

    batch = factory.SubFactory(CodeBatchFactory)
    prize = factory.SelfAttribute("batch.prize")
    agency = factory.SelfAttribute("batch.agency")
    position = factory.Sequence(lambda n: n)
    status = codes.CodeStatus.AVAILABLE
    public_id = factory.LazyFunction(uuid.uuid4)
    code_ciphertext = factory.LazyAttribute(
        lambda row: encrypt(row.code, table="gift_code", column="code", row=row.public_id)
    )
    code_index = factory.LazyAttribute(lambda row: blind_index(row.code, field="gift_code", tenant=row.agency.pk))
    face_value_jpy = factory.SelfAttribute("prize.face_value_jpy")
    balance_jpy = factory.SelfAttribute("face_value_jpy")


class ReservationFactory(DjangoModelFactory[codes.Reservation]):
    class Meta:
        model = codes.Reservation

    gift_code = factory.SubFactory(GiftCodeFactory, status=codes.CodeStatus.RESERVED)
    prize = factory.SelfAttribute("gift_code.prize")
    agency = factory.SelfAttribute("gift_code.agency")
    reference = factory.Sequence(lambda n: f"order-{n}")
    expires_at = NOW + timedelta(hours=1)


class StockCountFactory(DjangoModelFactory[codes.StockCount]):
    class Meta:
        model = codes.StockCount

    batch = factory.SubFactory(CodeBatchFactory)
    agency = factory.SelfAttribute("batch.agency")
    counted_at = NOW
    imported = available = 1
    staged = reserved = held = awarded = void = expired = difference = 0


class CodeJobFactory(DjangoModelFactory[codes.CodeJob]):
    """A batch that waits for a second person before it goes into stock."""

    class Meta:
        model = codes.CodeJob

    batch = factory.SubFactory(CodeBatchFactory, status=codes.BatchStatus.STAGED)
    agency = factory.SelfAttribute("batch.agency")
    kind = codes.JobKind.ACTIVATE
    status = codes.JobStatus.WAITING
    total_count = factory.SelfAttribute("batch.code_count")


class AwardFactory(DjangoModelFactory[codes.Award]):
    """A prize of a winning entry with an issued code."""

    class Meta:
        model = codes.Award

    result = factory.SubFactory(DrawResultFactory)
    entry = factory.SelfAttribute("result.entry")
    agency = factory.SelfAttribute("entry.agency")
    prize = factory.SubFactory(PrizeFactory, course=factory.SelfAttribute("..result.course"))
    gift_code = factory.SubFactory(
        GiftCodeFactory,
        batch__prize=factory.SelfAttribute("...prize"),
        status=codes.CodeStatus.ISSUED,
        issued_at=NOW,
    )
    token_index = factory.Sequence(lambda n: f"{n:064x}")
    claim_expires_at = NOW + timedelta(days=30)


class HouseholdFactory(DjangoModelFactory[codes.Household]):
    class Meta:
        model = codes.Household

    campaign = factory.SubFactory(CampaignFactory)
    agency = factory.SelfAttribute("campaign.agency")
    address_index = factory.Sequence(lambda n: f"{n:064x}")
    used = 1


class ShipmentFactory(DjangoModelFactory[codes.Shipment]):
    """A parcel that is ready to be sent."""

    class Meta:
        model = codes.Shipment

    award = factory.SubFactory(AwardFactory, gift_code=None, prize__kind=campaigns.PrizeKind.PHYSICAL)
    agency = factory.SelfAttribute("award.agency")
    status = codes.ShipmentStatus.READY
    public_id = factory.LazyFunction(uuid.uuid4)
    address_ciphertext = factory.LazyAttribute(
        lambda row: encrypt(
            '{"building": "", "city": "渋谷区", "name": "水引 花子", "phone": "09012345678",'
            ' "postal_code": "1500001", "prefecture": "東京都", "street": "神宮前1丁目2番3号"}',
            table="shipment",
            column="address",
            row=row.public_id,
        )
    )
    masked = "東京都 水***"
    household = factory.SubFactory(HouseholdFactory, campaign=factory.SelfAttribute("..award.entry.campaign"))
    address_given_at = NOW


class ShippingListFactory(DjangoModelFactory[codes.ShippingList]):
    """A wish that waits for a second person."""

    class Meta:
        model = codes.ShippingList

    campaign = factory.SubFactory(CampaignFactory)
    agency = factory.SelfAttribute("campaign.agency")
    reason = "第1便"
    requested_by = factory.SubFactory(UserFactory)


class RedemptionFactory(DjangoModelFactory[codes.Redemption]):
    class Meta:
        model = codes.Redemption

    gift_code = factory.SubFactory(
        GiftCodeFactory,
        status=codes.CodeStatus.ISSUED,
        issued_at=NOW,
        balance_jpy=0,
    )
    agency = factory.SelfAttribute("gift_code.agency")
    store = factory.SubFactory(StoreFactory, agency=factory.SelfAttribute("..agency"))
    kind = codes.RedemptionKind.REDEEM
    amount_jpy = 500
    balance_after_jpy = 0
    at = NOW


class TerminalFactory(DjangoModelFactory[codes.Terminal]):
    class Meta:
        model = codes.Terminal

    store = factory.SubFactory(StoreFactory)
    agency = factory.SelfAttribute("store.agency")
    code = factory.Sequence(lambda n: f"T{n}")
    api_key = factory.SubFactory(ApiKeyFactory, agency=factory.SelfAttribute("..agency"))


class OfflineDisputeFactory(DjangoModelFactory[codes.OfflineDispute]):
    class Meta:
        model = codes.OfflineDispute

    store = factory.SubFactory(StoreFactory)
    agency = factory.SelfAttribute("store.agency")
    pos_transaction_id = factory.Sequence(lambda n: f"OFF-{n}")
    amount_jpy = 300
    occurred_at = NOW
    received_at = NOW
    reason_code = "already_redeemed"


class SettlementFactory(DjangoModelFactory[codes.Settlement]):
    class Meta:
        model = codes.Settlement

    store = factory.SubFactory(StoreFactory)
    agency = factory.SelfAttribute("store.agency")
    business_day = factory.Sequence(lambda n: NOW.date() - timedelta(days=n % 300))
    redeemed_count = 1
    redeemed_jpy = 500
    reversed_count = 0
    reversed_jpy = 0
    refunded_count = 0
    refunded_jpy = 0
    net_jpy = 500
    closed_at = NOW


class DeliveryFactory(DjangoModelFactory[distribution.Delivery]):
    """A winner notice waiting to be sent to a confirmed mail address."""

    class Meta:
        model = distribution.Delivery

    award = factory.SubFactory(AwardFactory)
    entry = factory.SelfAttribute("award.entry")
    agency = factory.SelfAttribute("entry.agency")
    kind = distribution.DeliveryKind.AWARD
    identity = factory.SubFactory(IdentityFactory, participant=factory.SelfAttribute("..entry.participant"))
    next_attempt_at = NOW


class DeliveryAttemptFactory(DjangoModelFactory[distribution.DeliveryAttempt]):
    class Meta:
        model = distribution.DeliveryAttempt

    delivery = factory.SubFactory(DeliveryFactory)
    number = factory.LazyAttribute(lambda row: row.delivery.attempt_log.count() + 1)
    channel = distribution.DeliveryChannel.EMAIL
    identity = factory.SelfAttribute("delivery.identity")
    outcome = "accepted"
