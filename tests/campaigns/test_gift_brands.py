"""Gift brands are dated rules: they judge values, approvals, texts and codes, and only superusers change them."""

import importlib
import json
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from accounts.services import add_member, sync_roles
from campaigns.brand_rules import brand_problem
from campaigns.errors import NotPublishable
from campaigns.models import Campaign, GiftBrand, Prize
from campaigns.selectors import publish_obstacles
from campaigns.services import clone_campaign, publish_campaign
from tests.factories import (
    NOW,
    AgencyFactory,
    CampaignFactory,
    GiftBrandFactory,
    KpiTargetFactory,
    PrizeFactory,
    TermsVersionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
migration = importlib.import_module("campaigns.migrations.0003_gift_brands")
no_masks = importlib.import_module("campaigns.migrations.0010_no_masks_of_codes")
KNOWN = {"quo-card-pay", "amazon-gift-card", "apple-gift-card", "google-play", "own-coupon", "goods"}


@pytest.fixture
def brands():
    """The profiles, as the migration leaves them."""
    migration.add_brands(apps, SimpleNamespace(connection=connection))
    return {brand.slug: brand for brand in GiftBrand.objects.all()}


def test_the_profiles_are_dated_and_a_repeat_keeps_what_a_person_changed(brands):
    GiftBrand.objects.filter(slug="quo-card-pay").update(maximum_jpy=30_000)

    migration.add_brands(apps, SimpleNamespace(connection=connection))

    assert set(brands) >= KNOWN
    assert all(brand.checked_on and brand.note for brand in brands.values())
    assert GiftBrand.objects.get(slug="quo-card-pay").maximum_jpy == 30_000
    quo = brands["quo-card-pay"]
    assert (quo.minimum_jpy, quo.maximum_jpy) == (50, 100_000)


def test_going_back_keeps_brands_that_are_used(brands):
    PrizeFactory(gift_brand=brands["google-play"])

    migration.remove_unused(apps, SimpleNamespace(connection=connection))

    assert set(GiftBrand.objects.filter(slug__in=KNOWN).values_list("slug", flat=True)) == {"google-play"}


@pytest.mark.parametrize(
    ("slug", "column", "value", "problem"),
    [
        ("apple-gift-card", "code", "XABCDEFGHIJK2345", None),
        ("apple-gift-card", "code", "XABCDEFGHIJK234", "brand_field_malformed"),
        ("apple-gift-card", "code", "XABCDEFGHIJK2345\n", "brand_field_malformed"),
        ("apple-gift-card", "code", "ＸABCDEFGHIJK2345", "brand_field_malformed"),
        ("apple-gift-card", "code", "", "brand_field_missing"),
        ("apple-gift-card", "pin", "1234", "brand_field_unknown"),
        ("apple-gift-card", "pin", "", None),
        ("amazon-gift-card", "code", "AQ24-ABCDEF-GHJK", None),
        ("amazon-gift-card", "code", "AQ24ABCDEFGHJK", None),
        ("google-play", "code", "ABCD1234EFGH5678", None),
        ("google-play", "code", "ABCD1234EFGH567", "brand_field_malformed"),
        ("quo-card-pay", "url", "https://pay.example/abcdefgh", None),
        ("quo-card-pay", "url", "http://pay.example/abcdefgh", "brand_field_malformed"),
        ("quo-card-pay", "number", "", None),
        ("goods", "code", "ABCD", "brand_field_unknown"),
    ],
)
def test_a_code_is_judged_by_the_profile_of_its_brand(brands, slug, column, value, problem):
    assert brand_problem(brands[slug], column, value) == problem


def test_without_a_brand_anything_is_taken():
    assert brand_problem(None, "code", "x") is None


def campaign_with(brand: GiftBrand | None, *, text: str = "", **prize) -> Campaign:
    campaign = CampaignFactory(how_to_enter=text)
    KpiTargetFactory(campaign=campaign)
    TermsVersionFactory(campaign=campaign)
    details = {"name": "ギフト", "face_value_jpy": 500, "use_approval": "A-1", "text_approval": "B-1"} | prize
    PrizeFactory(course__campaign=campaign, kind="gift_code", gift_brand=brand, **details)
    return campaign


def codes_of(campaign: Campaign) -> list[str]:
    return [obstacle.code for obstacle in publish_obstacles(campaign, NOW)]


GOOD = "賞品はapple gift cardです。13歳以上の方がご応募いただけます。"


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"face_value_jpy": 99}, "gift_value_out_of_range"),
        ({"face_value_jpy": 500_001}, "gift_value_out_of_range"),
        ({"use_approval": " "}, "gift_use_not_approved"),
        ({"text_approval": ""}, "gift_text_not_approved"),
        ({"text": "賞品はApple Gift Cardです。"}, "gift_wording_missing"),
        ({"text": GOOD + "アップル ギフトカード"}, "gift_word_forbidden"),
        ({"how_to_use": "ｉＴｕｎｅｓカードとして"}, "gift_word_forbidden"),
    ],
)
def test_GB01_each_rule_of_a_brand_blocks_publishing_alone(brands, details, code):
    campaign = campaign_with(brands["apple-gift-card"], **({"text": GOOD} | details))

    assert codes_of(campaign) == [code]
    with pytest.raises(NotPublishable):
        publish_campaign(campaign_id=campaign.pk, now=NOW)


def test_what_keeps_all_rules_is_published(brands):
    campaign = campaign_with(brands["apple-gift-card"], text=GOOD)

    assert codes_of(campaign) == []


def test_a_gift_code_needs_a_brand_and_a_value_on_offer():
    stepped = GiftBrandFactory(slug="stepped", denominations=[500, 1000])

    assert codes_of(campaign_with(None)) == ["gift_brand_missing"]
    assert codes_of(campaign_with(stepped, face_value_jpy=700)) == ["gift_value_not_on_offer"]
    assert codes_of(campaign_with(stepped)) == []


def test_approvals_and_shares_are_not_copied_into_a_new_campaign(brands):
    source = campaign_with(brands["apple-gift-card"], text=GOOD, is_allocated=True)

    copy = clone_campaign(campaign_id=source.pk, slug="copy", now=NOW)

    prize = Prize.objects.get(course__campaign=copy)
    assert (prize.gift_brand, prize.use_approval, prize.text_approval, prize.is_allocated) == (
        brands["apple-gift-card"],
        "",
        "",
        False,
    )


def client_of(**rights) -> Client:
    user = UserFactory(**rights)
    client = Client()
    client.force_login(user)
    if not user.is_superuser:
        sync_roles()
        add_member(user_id=user.pk, agency_id=AgencyFactory().pk, role=Role.OPERATOR)
    return client


def form_of(brand: GiftBrand, **changes) -> dict[str, str]:
    return {
        "name": brand.name,
        "slug": brand.slug,
        "custody": "stored",
        "minimum_jpy": "100",
        "maximum_jpy": "500000",
        "denominations": "[1000, 500, 500]",
        "code_fields": json.dumps(brand.code_fields),
        "forbidden_words": "禁句\n",
        "source_url": brand.source_url,
        "checked_on": "2026-11-28",
    } | changes


def test_a_superuser_edits_a_profile_and_an_operator_reads_it(brands):
    brand = brands["apple-gift-card"]
    url = reverse("admin:campaigns_giftbrand_change", args=[brand.pk])

    operator = client_of(is_staff=True)
    read, refused = operator.get(url), operator.post(url, form_of(brand))
    client_of(is_superuser=True).post(url, form_of(brand))

    brand.refresh_from_db()
    assert read.status_code == 200
    assert 'name="_save"' not in read.content.decode()
    assert refused.status_code == 403
    assert (brand.denominations, brand.forbidden_words) == ([500, 1000], ["禁句"])


@pytest.mark.parametrize(
    "changes",
    [
        {"denominations": '["500"]'},
        {"denominations": "[0]"},
        {"code_fields": '[{"name": "secret", "label": "x", "pattern": ""}]'},
        {"code_fields": '[{"name": "code", "label": "x", "pattern": "("}]'},
        {"code_fields": '[{"name": "code", "label": "x", "pattern": "X+", "shown_last": 4}]'},
    ],
)
def test_a_profile_that_could_judge_nothing_is_refused(brands, changes):
    brand = brands["apple-gift-card"]
    url = reverse("admin:campaigns_giftbrand_change", args=[brand.pk])

    page = client_of(is_superuser=True).post(url, form_of(brand, **changes))

    before = GiftBrand.objects.get(pk=brand.pk)
    assert page.status_code == 200
    assert (before.denominations, before.code_fields) == (brand.denominations, brand.code_fields)


def test_I12_no_profile_says_how_much_of_a_code_may_be_shown(brands):
    profile = {"name": "code", "label": "コード", "pattern": "X+", "is_required": True}
    brand = brands["apple-gift-card"]
    GiftBrand.objects.filter(pk=brand.pk).update(code_fields=[profile | {"shown_last": 4}])

    no_masks.drop_masks(apps, SimpleNamespace(connection=connection))

    assert GiftBrand.objects.get(pk=brand.pk).code_fields == [profile]
    assert not GiftBrand.objects.filter(code_fields__icontains="shown_last").exists()
