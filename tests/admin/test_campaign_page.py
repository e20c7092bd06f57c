"""A campaign is planned step by step, checked, published, and kept in versions from then on."""

import io
from datetime import UTC, datetime

import pytest
import zxingcpp
from django.urls import reverse
from PIL import Image

from accounts.models import AuditEntry
from campaigns.models import Campaign, CampaignStatus, EntryRule, PrizeCourse, RuleKind
from campaigns.services import freeze_rules
from core.clock import exclusive_end, inclusive_end
from tests.admin.registry import row_url
from tests.factories import (
    CampaignFactory,
    EntryRuleFactory,
    KpiTargetFactory,
    PrizeFactory,
    SponsorFactory,
    TermsVersionFactory,
    TrackedLinkFactory,
)

EMPTY = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1000"}


def formset(prefix: str, *rows: dict[str, object], initial: int = 0) -> dict[str, object]:
    """Write rows as the browser posts them."""
    fields = {f"{prefix}-{name}": value for name, value in EMPTY.items()}
    fields |= {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": str(initial)}
    return fields | {f"{prefix}-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


def plan(**changes: object) -> dict[str, object]:
    """The first step, filled in."""
    return {
        "title": "秋のキャンペーン",
        "slug": "autumn",
        "objective": "trial",
        "mechanic": "everyone",
        "entry_opens_at_0": "2026-12-01",
        "entry_opens_at_1": "00:00",
        "entry_closes_at_0": "2026-12-31",
        "entry_closes_at_1": "23:59",
        "claim_days": "30",
        "claim_binding": "none",
        "claim_reminder_days": "3",
        "photo_days": "30",
        **formset("kpi_targets"),
        **changes,
    }


@pytest.fixture
def complete(agency):
    """A draft that lacks nothing."""
    campaign = CampaignFactory(
        sponsor__agency=agency,
        entry_opens_at=datetime(2020, 1, 1, tzinfo=UTC),
        entry_closes_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    KpiTargetFactory(campaign=campaign)
    PrizeFactory(course__campaign=campaign, course__total_cap=100)
    TermsVersionFactory(campaign=campaign)
    return campaign


@pytest.mark.parametrize(
    ("date", "time", "stored", "shown"),
    [
        ("2026-12-31", "23:59", datetime(2026, 12, 31, 15, 0, tzinfo=UTC), "23:59"),
        ("2026-12-31", "23:59:59", datetime(2026, 12, 31, 15, 0, tzinfo=UTC), "23:59"),
        ("2026-12-31", "18:00", datetime(2026, 12, 31, 9, 0, 1, tzinfo=UTC), "18:00"),
        ("2026-12-31", "12:30:15", datetime(2026, 12, 31, 3, 30, 16, tzinfo=UTC), "12:30:15"),
    ],
)
def test_I17_a_typed_end_includes_its_last_moment_and_is_shown_as_typed(date, time, stored, shown, agency, operator):
    sponsor = SponsorFactory(agency=agency)
    form = plan(sponsor=sponsor.pk, entry_closes_at_0=date, entry_closes_at_1=time)

    operator.post(reverse("admin:campaigns_campaign_add"), form)

    campaign = Campaign.objects.get()
    page = operator.get(row_url(campaign)).content.decode()
    assert campaign.entry_closes_at == stored
    assert f'value="{shown}' in page

    operator.post(row_url(campaign), form)  # saving what is shown changes nothing
    campaign.refresh_from_db()
    assert campaign.entry_closes_at == stored


def test_I17_every_end_that_can_be_typed_survives_being_shown():
    typed = [datetime(2026, 12, 31, 15, second // 60, second % 60, tzinfo=UTC) for second in range(3600)]
    ends = [exclusive_end(at) for at in typed]

    assert [exclusive_end(inclusive_end(end)) for end in ends] == ends


def test_a_new_draft_lies_in_its_sponsors_agency_and_leads_to_the_prizes(agency, operator):
    sponsor = SponsorFactory(agency=agency)

    answer = operator.post(reverse("admin:campaigns_campaign_add"), plan(sponsor=sponsor.pk))

    campaign = Campaign.objects.get()
    assert (campaign.agency, campaign.status) == (agency, CampaignStatus.DRAFT)
    assert answer["Location"] == f"{row_url(campaign)}?step=offer"


def test_a_period_that_ends_before_it_begins_is_refused_in_words(agency, operator):
    sponsor = SponsorFactory(agency=agency)

    page = operator.post(
        reverse("admin:campaigns_campaign_add"), plan(sponsor=sponsor.pk, entry_closes_at_0="2026-11-01")
    )

    assert "終了が開始より前になっています。" in page.content.decode()
    assert not Campaign.objects.exists()


def test_courses_and_their_prizes_are_saved_in_one_step(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)
    course = {"name": "A賞", "position": "1", "total_cap": "10", "win_rate_per_million": "0"}
    prize = {"name": "QUOカードPay 500円分", "kind": "gift_code", "face_value_jpy": "500", "course": ""}

    answer = operator.post(
        f"{row_url(campaign)}?step=offer",
        {**formset("courses", course), **formset("courses-0-prizes", prize), "address_days": "90", "_next": "1"},
    )

    saved = PrizeCourse.objects.get(campaign=campaign)
    assert answer["Location"] == f"{row_url(campaign)}?step=conditions"
    assert (saved.name, saved.total_cap) == ("A賞", 10)
    assert [(row.name, row.face_value_jpy) for row in saved.prizes.all()] == [("QUOカードPay 500円分", 500)]


def conditions(campaign: Campaign, rule: dict[str, object], **changes: object) -> dict[str, object]:
    return {
        "entries_per_person": "1",
        "entries_per_person_a_day": "1",
        "appeal_days": "14",
        "appeal_answer_days": "7",
        **formset("rule_groups", {"combination": "all", "minimum_count": "1", "position": "1"}),
        **formset("rule_groups-0-rules", {"position": "1", **rule}),
        **formset("target_products", {"name": "緑茶", "printed_forms": "ﾘｮｸﾁｬ\n\n 緑茶525 "}),
        **formset("target_stores"),
        **formset("survey"),
        **changes,
    }


@pytest.mark.parametrize(
    ("rule", "parameters"),
    [
        (
            {
                "kind": "purchase",
                "minimum_spend_jpy": "2500",
                "spend_counts": "receipt",
                "minimum_quantity": "",
                "account": "x",
            },
            {
                "minimum_spend_jpy": 2500,
                "spend_counts": "receipt",
                "minimum_quantity": 0,
                "receipt_once": "campaign",
                "receipts_at_most": 1,
            },
        ),
        ({"kind": "serial", "minimum_spend_jpy": "100"}, {}),
        ({"kind": "x_follow", "account": "mizuhiki", "account_id": "42"}, {"account": "mizuhiki", "account_id": "42"}),
    ],
)
def test_a_condition_keeps_the_fields_of_its_kind_only(rule, parameters, agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)

    operator.post(f"{row_url(campaign)}?step=conditions", conditions(campaign, rule))

    assert EntryRule.objects.get(group__campaign=campaign).parameters == parameters
    assert campaign.target_products.get().printed_forms == ["ﾘｮｸﾁｬ", "緑茶525"]


def test_an_x_follow_without_its_account_is_refused(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)

    page = operator.post(f"{row_url(campaign)}?step=conditions", conditions(campaign, {"kind": "x_follow"}))

    assert page.status_code == 200
    assert "アカウント名と番号を入力してください。" in page.content.decode()
    assert not EntryRule.objects.exists()


def test_saved_parameters_come_back_into_the_form(agency, operator):
    rule = EntryRuleFactory(group__campaign__sponsor__agency=agency)
    rule.parameters["minimum_spend_jpy"] = 2345
    rule.save()

    page = operator.get(f"{row_url(rule.group.campaign)}?step=conditions").content.decode()

    assert 'value="2345"' in page


def test_the_page_says_what_is_missing_and_where(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)

    page = operator.get(row_url(campaign)).content.decode()

    assert "目標値を1つ以上設定してください。" in page
    assert '<a href="?step=offer">2 賞品</a>: 賞品コースを1つ以上追加してください。' in page


def test_a_draft_with_gaps_is_not_published(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)
    url = reverse("admin:campaigns_campaign_publish", args=[campaign.pk])

    asked = operator.get(url).content.decode()
    operator.post(url)

    campaign.refresh_from_db()
    assert "まだ実行できません" in asked
    assert "desk-button" in asked
    assert "公開する</button>" not in asked
    assert campaign.status == CampaignStatus.DRAFT


def test_a_complete_draft_is_published_after_a_look_at_the_figures(complete, operator):
    url = reverse("admin:campaigns_campaign_publish", args=[complete.pk])

    asked = operator.get(url).content.decode()
    complete.refresh_from_db()
    before = complete.status
    operator.post(url)

    complete.refresh_from_db()
    assert before == CampaignStatus.DRAFT
    assert "100名 × 500円" in asked
    assert "50,000円" in asked
    assert complete.status == CampaignStatus.OPEN


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("pause", "open", "paused"),
        ("resume", "paused", "open"),
        ("close", "open", "closed"),
        ("settle", "closed", "settled"),
        ("archive", "settled", "archived"),
        ("unpublish", "scheduled", "draft"),
    ],
)
def test_a_change_of_state_is_asked_first_and_done_once(name, before, after, agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency, status=before)
    url = reverse(f"admin:campaigns_campaign_{name}", args=[campaign.pk])

    asked = operator.get(url)
    campaign.refresh_from_db()
    untouched = campaign.status
    operator.post(url)
    operator.post(url)

    campaign.refresh_from_db()
    assert asked.status_code == 200
    assert (untouched, campaign.status) == (before, after)


def test_only_acts_that_the_state_allows_are_offered(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency, status=CampaignStatus.CLOSED)

    page = operator.get(row_url(campaign)).content.decode()

    assert reverse("admin:campaigns_campaign_settle", args=[campaign.pk]) in page
    assert reverse("admin:campaigns_campaign_pause", args=[campaign.pk]) not in page
    assert reverse("admin:campaigns_campaign_publish", args=[campaign.pk]) not in page


def test_a_copy_is_a_draft_under_its_own_address(complete, operator):
    url = reverse("admin:campaigns_campaign_clone", args=[complete.pk])

    taken = operator.post(url, {"slug": complete.slug})
    operator.post(url, {"slug": "second"})

    copy = Campaign.objects.exclude(pk=complete.pk).get()
    assert "すでに使われています" in taken.content.decode()
    assert (copy.slug, copy.status, copy.courses.count()) == ("second", CampaignStatus.DRAFT, 1)


def test_I19_rules_changed_after_publishing_become_a_new_version_with_a_warning(agency, operator):
    rule = EntryRuleFactory(group__campaign__sponsor__agency=agency, kind=RuleKind.SERIAL, parameters={})
    campaign = rule.group.campaign
    first = freeze_rules(campaign_id=campaign.pk)
    Campaign.objects.filter(pk=campaign.pk).update(status=CampaignStatus.OPEN)
    form = {
        **conditions(campaign, {}, entries_per_person="5"),
        **formset(
            "rule_groups",
            {"id": rule.group_id, "campaign": campaign.pk, "combination": "all", "minimum_count": "1", "position": "1"},
            initial=1,
        ),
        **formset(
            "rule_groups-0-rules", {"id": rule.pk, "group": rule.group_id, "kind": "serial", "position": "1"}, initial=1
        ),
        **formset("target_products"),
    }

    page = operator.post(f"{row_url(campaign)}?step=conditions", form, follow=True).content.decode()

    versions = list(campaign.rule_versions.order_by("number"))
    assert [version.document["entries_per_person"] for version in versions] == [1, 5]
    assert versions[0].pk == first.pk
    assert "応募条件は第2版になりました" in page


def test_terms_of_a_draft_are_rewritten_and_afterwards_only_followed(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)
    url = f"{row_url(campaign)}?step=pages"
    form = {"summary": "", "how_to_enter": ""}

    operator.post(url, {**form, "terms_body": "第1条"})
    operator.post(url, {**form, "terms_body": "第1条（改）"})
    draft = list(campaign.terms.values_list("number", "body"))
    Campaign.objects.filter(pk=campaign.pk).update(status=CampaignStatus.OPEN)
    operator.post(url, {**form, "terms_body": "第1条（公開後）"})

    assert draft == [(1, "第1条（改）")]
    assert list(campaign.terms.order_by("number").values_list("number", "body")) == [
        (1, "第1条（改）"),
        (2, "第1条（公開後）"),
    ]


def test_what_entrants_rely_on_is_fixed_by_publishing(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency, status=CampaignStatus.OPEN, slug="fixed")

    operator.post(row_url(campaign), plan(slug="changed", mechanic="later", sponsor=SponsorFactory(agency=agency).pk))

    campaign.refresh_from_db()
    assert (campaign.slug, campaign.mechanic, campaign.title) == ("fixed", "everyone", "秋のキャンペーン")


def test_the_qr_of_a_link_leads_to_its_address(agency, operator, settings):
    link = TrackedLinkFactory(campaign__sponsor__agency=agency)

    answer = operator.get(reverse("admin:campaigns_campaign_link_qr", args=[link.public_id]))

    read = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)))
    assert [code.text for code in read] == [f"{settings.PUBLIC_URL}/t/{link.token}"]


def test_a_published_campaign_cannot_be_deleted(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency, status=CampaignStatus.SCHEDULED)

    answer = operator.post(reverse("admin:campaigns_campaign_delete", args=[campaign.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert Campaign.objects.filter(pk=campaign.pk).exists()


def test_an_act_at_the_desk_names_its_person_in_the_trail(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency, status=CampaignStatus.OPEN)

    operator.post(reverse("admin:campaigns_campaign_pause", args=[campaign.pk]))

    line = AuditEntry.objects.get(action="campaign.paused")
    assert (line.actor_id, line.subject_id) == (int(operator.session["_auth_user_id"]), str(campaign.public_id))
