"""Participants, entries, their proofs and verdicts."""

import uuid
from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from campaigns import models as campaigns
from core.crypto import blind_index, encrypt
from eligibility import models as eligibility
from participants import models as participants
from receipts import models as receipts
from receipts.matching import fold
from tests.factories.moments import NOW
from tests.factories.offers import CampaignFactory, QuestionFactory, RuleVersionFactory, SponsorFactory
from tests.factories.people import AgencyFactory


class ParticipantFactory(DjangoModelFactory[participants.Participant]):
    class Meta:
        model = participants.Participant

    agency = factory.SubFactory(AgencyFactory)


class IdentityFactory(DjangoModelFactory[participants.Identity]):
    """A confirmed mail address; `value` is what is sealed."""

    class Meta:
        model = participants.Identity

    class Params:
        value = factory.Sequence(lambda n: f"taro{n}@example.jp")

    participant = factory.SubFactory(ParticipantFactory)
    agency = factory.SelfAttribute("participant.agency")
    kind = participants.IdentityKind.EMAIL
    public_id = factory.LazyFunction(uuid.uuid4)
    value_ciphertext = factory.LazyAttribute(
        lambda row: encrypt(row.value, table="identity", column="value", row=row.public_id)
    )
    value_index = factory.LazyAttribute(
        lambda row: blind_index(row.value, field=f"identity.{row.kind}", tenant=row.agency.pk)
    )
    masked = "ta***@example.jp"
    verified_at = NOW


class EntryFactory(DjangoModelFactory[participants.Entry]):
    """A submitted entry in an open campaign."""

    class Meta:
        model = participants.Entry

    campaign = factory.SubFactory(CampaignFactory, status=campaigns.CampaignStatus.OPEN)
    agency = factory.SelfAttribute("campaign.agency")
    participant = factory.SubFactory(ParticipantFactory, agency=factory.SelfAttribute("..agency"))
    status = participants.EntryStatus.SUBMITTED
    submitted_at = NOW


class TypedProofFactory(DjangoModelFactory[participants.TypedProof]):
    class Meta:
        model = participants.TypedProof

    entry = factory.SubFactory(EntryFactory)
    kind = participants.ProofKind.SERIAL
    value_ciphertext = "v1:sealed"
    value_index = factory.Sequence(lambda n: f"{n:064x}")
    masked = "AB******"


class AnswerFactory(DjangoModelFactory[participants.Answer]):
    class Meta:
        model = participants.Answer

    entry = factory.SubFactory(EntryFactory)
    question = factory.SubFactory(QuestionFactory, survey__campaign=factory.SelfAttribute("...entry.campaign"))
    values = factory.LazyFunction(lambda: ["店頭"])


class ConsentFactory(DjangoModelFactory[participants.Consent]):
    class Meta:
        model = participants.Consent

    participant = factory.SubFactory(ParticipantFactory)
    campaign = factory.SubFactory(CampaignFactory, sponsor__agency=factory.SelfAttribute("...participant.agency"))
    kind = participants.ConsentKind.TERMS
    granted_at = NOW


class TouchFactory(DjangoModelFactory[participants.Touch]):
    class Meta:
        model = participants.Touch

    entry = factory.SubFactory(EntryFactory)
    agency = factory.SelfAttribute("entry.agency")
    participant = factory.SelfAttribute("entry.participant")
    campaign = factory.SelfAttribute("entry.campaign")
    kind = participants.TouchKind.SUBMITTED
    at = NOW


class ShopChainFactory(DjangoModelFactory[receipts.ShopChain]):
    class Meta:
        model = receipts.ShopChain

    agency = factory.SubFactory(AgencyFactory)
    name = factory.Sequence(lambda n: f"みなとスーパー{n}")


class ShopFactory(DjangoModelFactory[receipts.Shop]):
    """An imported branch in use."""

    class Meta:
        model = receipts.Shop

    chain = factory.SubFactory(ShopChainFactory)
    agency = factory.SelfAttribute("chain.agency")
    branch = factory.Sequence(lambda n: f"第{n}店")
    telephone = factory.Sequence(lambda n: f"045{n:07d}")


class ReceiptFactory(DjangoModelFactory[receipts.Receipt]):
    """A receipt that was read: 1,280 yen at まるはちマート."""

    class Meta:
        model = receipts.Receipt

    entry = factory.SubFactory(EntryFactory)
    agency = factory.SelfAttribute("entry.agency")
    campaign = factory.SelfAttribute("entry.campaign")
    status = receipts.ReceiptStatus.READ
    read_at = NOW
    store_name = "まるはちマート"
    telephone = "0312345678"
    purchased_on = factory.LazyFunction(NOW.date)
    total_jpy = 1280
    fingerprint = factory.Sequence(lambda n: f"{n:064x}")


class ProductFactory(DjangoModelFactory[receipts.Product]):
    class Meta:
        model = receipts.Product

    sponsor = factory.SubFactory(SponsorFactory)
    agency = factory.SelfAttribute("sponsor.agency")
    name = "みずひき緑茶 600ml"
    folded = factory.LazyAttribute(lambda row: fold(row.name))


class PrintedFormFactory(DjangoModelFactory[receipts.PrintedForm]):
    """A form that an operator imported for one chain."""

    class Meta:
        model = receipts.PrintedForm

    product = factory.SubFactory(ProductFactory)
    sponsor = factory.SelfAttribute("product.sponsor")
    agency = factory.SelfAttribute("product.agency")
    chain = factory.SubFactory(ShopChainFactory, agency=factory.SelfAttribute("..agency"))
    form = factory.Sequence(lambda n: f"ミズヒキ{n}")
    folded = factory.LazyAttribute(lambda row: fold(row.form))
    taught_at = NOW


class ReceiptLineFactory(DjangoModelFactory[receipts.ReceiptLine]):
    class Meta:
        model = receipts.ReceiptLine

    receipt = factory.SubFactory(ReceiptFactory)
    position = factory.LazyAttribute(lambda row: row.receipt.lines.count() + 1)
    name = "ミズヒキリョクチャ600"
    price_jpy = 1280


class ReceiptPhotoFactory(DjangoModelFactory[receipts.ReceiptPhoto]):
    """A row without its file; `receipts.services.store_upload` makes both."""

    class Meta:
        model = receipts.ReceiptPhoto

    receipt = factory.SubFactory(ReceiptFactory)
    position = factory.LazyAttribute(lambda row: row.receipt.photos.count() + 1)
    file_name = factory.LazyAttribute(lambda _row: f"receipts/{uuid.uuid4()}")
    original_sha256 = factory.Sequence(lambda n: f"{n:064x}")
    perceptual_hash = "0" * 16
    width = 800
    height = 1200


class SerialBatchFactory(DjangoModelFactory[eligibility.SerialBatch]):
    class Meta:
        model = eligibility.SerialBatch

    campaign = factory.SubFactory(CampaignFactory)
    agency = factory.SelfAttribute("campaign.agency")
    name = "第1版"


class ReferenceListFactory(DjangoModelFactory[eligibility.ReferenceList]):
    class Meta:
        model = eligibility.ReferenceList

    campaign = factory.SubFactory(CampaignFactory)
    agency = factory.SelfAttribute("campaign.agency")
    name = "会員名簿"


class DecisionFactory(DjangoModelFactory[eligibility.Decision]):
    """An eligible verdict; rules of the entry's campaign are frozen for it."""

    class Meta:
        model = eligibility.Decision

    entry = factory.SubFactory(EntryFactory)
    agency = factory.SelfAttribute("entry.agency")
    number = factory.LazyAttribute(lambda row: row.entry.decisions.count() + 1)
    verdict = eligibility.Verdict.ELIGIBLE
    rule_version = factory.SubFactory(RuleVersionFactory, campaign=factory.SelfAttribute("..entry.campaign"))
    decided_at = NOW


class ReviewCaseFactory(DjangoModelFactory[eligibility.ReviewCase]):
    class Meta:
        model = eligibility.ReviewCase

    decision = factory.SubFactory(
        DecisionFactory,
        verdict=eligibility.Verdict.UNCLEAR,
        entry__status=participants.EntryStatus.IN_REVIEW,
    )
    entry = factory.SelfAttribute("decision.entry")
    campaign = factory.SelfAttribute("entry.campaign")
    agency = factory.SelfAttribute("entry.agency")


class PurchaseReturnFactory(DjangoModelFactory[eligibility.PurchaseReturn]):
    """The client's system has told that goods were given back; nothing was decided before."""

    class Meta:
        model = eligibility.PurchaseReturn

    entry = factory.SubFactory(EntryFactory)
    receipt = factory.SubFactory(ReceiptFactory, entry=factory.SelfAttribute("..entry"), returned_at=NOW)
    campaign = factory.SelfAttribute("entry.campaign")
    agency = factory.SelfAttribute("entry.agency")
    source = eligibility.ReturnSource.CLIENT
    reference = factory.Sequence(lambda n: f"R-{n}")
    told_at = NOW


class SuspectedRingFactory(DjangoModelFactory[eligibility.SuspectedRing]):
    """A ring without entries; `RingMember` rows put them in."""

    class Meta:
        model = eligibility.SuspectedRing

    sponsor = factory.SubFactory(SponsorFactory)
    agency = factory.SelfAttribute("sponsor.agency")
    score = 75
    evidence = factory.LazyFunction(lambda: {"device": 6})
    found_at = NOW
    changed_at = NOW


class AppealFactory(DjangoModelFactory[eligibility.Appeal]):
    """An entrant objects to a refusal."""

    class Meta:
        model = eligibility.Appeal

    decision = factory.SubFactory(
        DecisionFactory,
        verdict=eligibility.Verdict.REFUSED,
        entry__status=participants.EntryStatus.REFUSED,
    )
    entry = factory.SelfAttribute("decision.entry")
    campaign = factory.SelfAttribute("entry.campaign")
    agency = factory.SelfAttribute("entry.agency")
    text = "対象の商品を買いました。"
    opened_at = NOW
    answer_due_at = factory.LazyFunction(lambda: NOW + timedelta(days=7))
