"""Sponsors, stores, campaigns and what belongs to them."""

import factory
from factory.django import DjangoModelFactory

from campaigns import models as campaigns
from tests.factories.moments import CLOSES, OPENS
from tests.factories.people import AgencyFactory


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


class GiftBrandFactory(DjangoModelFactory[campaigns.GiftBrand]):
    """A brand that asks for nothing, unless told otherwise."""

    class Meta:
        model = campaigns.GiftBrand
        django_get_or_create = ("slug",)

    slug = "test-brand"
    name = "テストギフト"
    needs_approval = False


class PrizeFactory(DjangoModelFactory[campaigns.Prize]):
    class Meta:
        model = campaigns.Prize

    gift_brand = factory.SubFactory(GiftBrandFactory)

    course = factory.SubFactory(PrizeCourseFactory)
    name = "QUOカードPay 500円分"
    face_value_jpy = 500


class FetchedBrandFactory(DjangoModelFactory[campaigns.GiftBrand]):
    """A brand whose supplier makes its codes on request."""

    class Meta:
        model = campaigns.GiftBrand

    slug = factory.Sequence(lambda n: f"amazon-{n}")
    name = "Amazonギフトカード"
    custody = campaigns.Custody.FETCHED
    supplier = "amazon"
    minimum_jpy = 15
    maximum_jpy = 500_000
    needs_approval = False


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


class UseConditionsFactory(DjangoModelFactory[campaigns.UseConditions]):
    """Conditions that exclude nothing."""

    class Meta:
        model = campaigns.UseConditions

    prize = factory.SubFactory("tests.factories.offers.PrizeFactory", kind=campaigns.PrizeKind.OWN_CODE)
