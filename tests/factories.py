"""Rows for tests: each factory makes the smallest valid row, and rows that it needs share one agency and campaign."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from accounts import models as accounts
from campaigns import models as campaigns
from codes import models as codes
from core.crypto import blind_index, encrypt
from distribution import models as distribution
from draws import models as draws
from eligibility import models as eligibility
from participants import models as participants
from receipts import models as receipts

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # Sunday noon in Japan
OPENS = datetime(2026, 10, 31, 15, 0, tzinfo=UTC)  # 1 November 00:00 JST
CLOSES = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)  # until 30 November 24:00 JST


class UserFactory(DjangoModelFactory[accounts.User]):
    class Meta:
        model = accounts.User

    username = factory.Sequence(lambda n: f"person{n}")
    password = factory.django.Password("a long enough password")
    is_staff = True


class AgencyFactory(DjangoModelFactory[accounts.Agency]):
    class Meta:
        model = accounts.Agency

    name = factory.Sequence(lambda n: f"代理店{n}")
    slug = factory.Sequence(lambda n: f"agency-{n}")


class MembershipFactory(DjangoModelFactory[accounts.Membership]):
    """A member also joins the group of the role, as `accounts.services.add_member` does."""

    class Meta:
        model = accounts.Membership
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    agency = factory.SubFactory(AgencyFactory)
    role = accounts.Role.OPERATOR

    @factory.post_generation
    def group(self: Any, create: bool, extracted: Any, **_kwargs: Any) -> None:
        if create:
            group, _made = Group.objects.get_or_create(name=self.role)
            self.user.groups.add(group)


class ApiKeyFactory(DjangoModelFactory[accounts.ApiKey]):
    class Meta:
        model = accounts.ApiKey

    agency = factory.SubFactory(AgencyFactory)
    name = "テスト用の鍵"
    prefix = factory.Sequence(lambda n: f"mzk_{n:08d}")
    digest = factory.Sequence(lambda n: f"{n:064x}")
    scopes = factory.LazyFunction(lambda: list(accounts.Scope.values))


class AuditEntryFactory(DjangoModelFactory[accounts.AuditEntry]):
    class Meta:
        model = accounts.AuditEntry

    agency = factory.SubFactory(AgencyFactory)
    action = "test.happened"
    subject_type = "accounts.agency"
    subject_id = factory.LazyAttribute(lambda row: str(row.agency.public_id))


class SponsorFactory(DjangoModelFactory[campaigns.Sponsor]):
    class Meta:
        model = campaigns.Sponsor

    agency = factory.SubFactory(AgencyFactory)
    name = factory.Sequence(lambda n: f"みずひき飲料{n}")
    inquiry_name = "みずひき飲料 キャンペーン事務局"
    inquiry_email = "desk@mizuhiki.example"


class StoreFactory(DjangoModelFactory[campaigns.Store]):
    class Meta:
        model = campaigns.Store

    agency = factory.SubFactory(AgencyFactory)
    code = factory.Sequence(lambda n: f"{n:04d}")
    name = factory.Sequence(lambda n: f"渋谷店{n}")


class CampaignFactory(DjangoModelFactory[campaigns.Campaign]):
    """A draft whose period includes NOW; `status=CampaignStatus.OPEN` makes it open."""

    class Meta:
        model = campaigns.Campaign

    sponsor = factory.SubFactory(SponsorFactory)
    agency = factory.SelfAttribute("sponsor.agency")
    slug = factory.Sequence(lambda n: f"campaign-{n}")
    title = factory.Sequence(lambda n: f"秋のレシートキャンペーン{n}")
    objective = campaigns.Objective.TRIAL
    mechanic = campaigns.Mechanic.EVERYONE
    entry_opens_at = OPENS
    entry_closes_at = CLOSES


class KpiTargetFactory(DjangoModelFactory[campaigns.KpiTarget]):
    class Meta:
        model = campaigns.KpiTarget

    campaign = factory.SubFactory(CampaignFactory)
    metric = campaigns.KpiMetric.ENTRIES
    target = 1000


class PrizeCourseFactory(DjangoModelFactory[campaigns.PrizeCourse]):
    class Meta:
        model = campaigns.PrizeCourse

    campaign = factory.SubFactory(CampaignFactory)
    name = "A賞"
    position = factory.LazyAttribute(lambda row: row.campaign.courses.count() + 1)


class PrizeFactory(DjangoModelFactory[campaigns.Prize]):
    class Meta:
        model = campaigns.Prize

    course = factory.SubFactory(PrizeCourseFactory)
    name = "QUOカードPay 500円分"
    face_value_jpy = 500


class TermsVersionFactory(DjangoModelFactory[campaigns.TermsVersion]):
    class Meta:
        model = campaigns.TermsVersion

    campaign = factory.SubFactory(CampaignFactory)
    body = "応募規約の本文です。"


class TrackedLinkFactory(DjangoModelFactory[campaigns.TrackedLink]):
    class Meta:
        model = campaigns.TrackedLink

    campaign = factory.SubFactory(CampaignFactory)
    name = "公式アカウントの投稿"
    channel = campaigns.TrackedLinkChannel.X


class RuleGroupFactory(DjangoModelFactory[campaigns.RuleGroup]):
    class Meta:
        model = campaigns.RuleGroup

    campaign = factory.SubFactory(CampaignFactory)


class EntryRuleFactory(DjangoModelFactory[campaigns.EntryRule]):
    class Meta:
        model = campaigns.EntryRule

    group = factory.SubFactory(RuleGroupFactory)
    kind = campaigns.RuleKind.PURCHASE
    parameters = factory.LazyFunction(
        lambda: {
            "minimum_spend_jpy": 500,
            "spend_counts": "receipt",
            "minimum_quantity": 1,
        }
    )


class RuleVersionFactory(DjangoModelFactory[campaigns.RuleVersion]):
    class Meta:
        model = campaigns.RuleVersion

    campaign = factory.SubFactory(CampaignFactory)
    number = factory.LazyAttribute(lambda row: row.campaign.rule_versions.count() + 1)
    document = factory.LazyFunction(
        lambda: {
            "entry_opens_at": OPENS.isoformat(),
            "entry_closes_at": CLOSES.isoformat(),
            "purchase_from_on": None,
            "purchase_until_on": None,
            "entries_per_person": 1,
            "entries_per_person_a_day": 1,
            "groups": [],
            "products": [],
            "stores": [],
            "questions": [],
        }
    )


class TargetProductFactory(DjangoModelFactory[campaigns.TargetProduct]):
    class Meta:
        model = campaigns.TargetProduct

    campaign = factory.SubFactory(CampaignFactory)
    name = "みずひき緑茶 600ml"
    printed_forms = factory.LazyFunction(lambda: ["ミズヒキリョクチャ600"])


class TargetStoreFactory(DjangoModelFactory[campaigns.TargetStore]):
    class Meta:
        model = campaigns.TargetStore

    campaign = factory.SubFactory(CampaignFactory)
    name = "まるはちマート"


class SurveyFactory(DjangoModelFactory[campaigns.Survey]):
    class Meta:
        model = campaigns.Survey

    campaign = factory.SubFactory(CampaignFactory)


class QuestionFactory(DjangoModelFactory[campaigns.Question]):
    class Meta:
        model = campaigns.Question

    survey = factory.SubFactory(SurveyFactory)
    position = factory.LazyAttribute(lambda row: row.survey.questions.count() + 1)
    text = "どこで知りましたか"
    kind = campaigns.QuestionKind.SINGLE
    choices = factory.LazyFunction(lambda: ["店頭", "SNS", "その他"])


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
