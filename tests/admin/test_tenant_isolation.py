"""I11, T16: nobody at one agency's desk sees or touches a row of another agency, on any page of any model."""

import pytest
from django.urls import NoReverseMatch, reverse

from accounts.models import Role
from accounts.services import add_member
from campaigns.models import Campaign, CampaignStatus
from tests.admin.registry import IN_AGENCY, TENANT_MODELS, act_urls, list_url, make_row, row_url
from tests.factories import AgencyFactory, CampaignFactory, SponsorFactory

pytestmark = pytest.mark.matrix

MISSING = {302, 403, 404}


@pytest.fixture
def foreign(agency):
    return AgencyFactory(name="よその代理店")


def test_every_model_behind_the_wall_has_a_row_in_this_suite():
    assert sorted(IN_AGENCY) == TENANT_MODELS


@pytest.mark.parametrize("label", TENANT_MODELS)
def test_T16_a_list_shows_own_rows_and_no_foreign_one(label, agency, foreign, operator):
    row, other = make_row(label, agency), make_row(label, foreign)

    page = operator.get(list_url(label))

    if page.status_code == 403:  # a list for superusers only
        assert label in ("accounts.agency", "accounts.membership")
        return
    text = page.content.decode()
    assert row_url(row) in text
    assert row_url(other) not in text
    assert "よその代理店" not in text


@pytest.mark.parametrize("label", TENANT_MODELS)
def test_an_address_that_names_no_row_leads_back(label, operator):
    mistyped = f"{list_url(label)}no-number/change/"

    answer = operator.get(mistyped, follow=True)

    assert answer.status_code in (200, 403, 404)


@pytest.mark.parametrize("label", TENANT_MODELS)
def test_T16_a_foreign_page_is_answered_like_one_that_is_not_there(label, foreign, operator):
    other = make_row(label, foreign)

    page = operator.get(row_url(other))

    assert page.status_code in MISSING
    assert "よその代理店" not in page.content.decode()


@pytest.mark.parametrize("label", TENANT_MODELS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_T16_nothing_can_be_done_to_a_foreign_row(label, method, foreign, operator):
    other = make_row(label, foreign)
    before = type(other).objects.filter(pk=other.pk).values().get()

    answers = [getattr(operator, method)(url, {"reason": "x", "pin": "123456", "slug": "x"}) for url in act_urls(other)]
    answers.append(getattr(operator, method)(row_url(other), {"name": "changed"}))

    assert {answer.status_code for answer in answers} <= MISSING
    assert type(other).objects.filter(pk=other.pk).values().get() == before


def export_url(label: str) -> str | None:
    """Give the address of a list's export; some lists have none."""
    try:
        return reverse(f"admin:{label.replace('.', '_')}_export_csv")
    except NoReverseMatch:
        return None


@pytest.mark.parametrize("label", [label for label in TENANT_MODELS if export_url(label)])
def test_T16_an_export_holds_no_foreign_row(label, agency, foreign, operator):
    make_row(label, agency)
    other = make_row(label, foreign)

    text = b"".join(operator.get(export_url(label)).streaming_content).decode()

    assert len(text.splitlines()) >= 2
    assert str(getattr(other, "public_id", "よその代理店")) not in text
    assert "よその代理店" not in text


def test_T16_a_form_neither_offers_nor_takes_a_foreign_choice(agency, foreign, operator):
    own, other = SponsorFactory(agency=agency), SponsorFactory(agency=foreign, name="よその主催者")
    url = reverse("admin:campaigns_campaign_add")
    form = {
        "title": "横取り",
        "slug": "taken",
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
        "kpi_targets-TOTAL_FORMS": "0",
        "kpi_targets-INITIAL_FORMS": "0",
    }

    page = operator.get(url).content.decode()
    refused = operator.post(url, form | {"sponsor": other.pk})
    taken = operator.post(url, form | {"sponsor": own.pk})

    assert own.name in page
    assert "よその主催者" not in page
    assert refused.status_code == 200
    assert taken.status_code == 302
    assert list(Campaign.objects.values_list("agency", "sponsor")) == [(agency.pk, own.pk)]


def test_T16_autocomplete_finds_no_foreign_row(agency, foreign, operator):
    SponsorFactory(agency=agency, name="自社の主催者")
    SponsorFactory(agency=foreign, name="よその主催者")
    url = reverse("admin:autocomplete")
    query = {"app_label": "campaigns", "model_name": "campaign", "field_name": "sponsor", "term": "主催者"}

    answer = operator.get(url, query)

    assert "よその主催者" not in answer.content.decode()


def test_T16_a_right_counts_only_in_the_agency_that_gives_it(agency, foreign, desk):
    """An operator of one agency who may only look at another one changes nothing there."""
    client = desk(Role.OPERATOR)
    user_id = int(client.session["_auth_user_id"])
    add_member(user_id=user_id, agency_id=foreign.pk, role=Role.VIEWER)
    campaign = CampaignFactory(sponsor__agency=foreign, status=CampaignStatus.OPEN)

    seen = client.get(row_url(campaign))
    pause = client.post(reverse("admin:campaigns_campaign_pause", args=[campaign.pk]))

    campaign.refresh_from_db()
    assert seen.status_code == 200
    assert "desk-submit" in seen.content.decode()
    assert 'name="_save"' not in seen.content.decode()
    assert pause.status_code == 403
    assert campaign.status == CampaignStatus.OPEN


@pytest.mark.parametrize(
    "name",
    ["campaigns_campaign_link_qr", "receipts_receipt_photo", "receipts_receipt_original"],
)
def test_T16_files_by_id_stay_within_the_wall(name, foreign, operator):
    from tests.factories import ReceiptPhotoFactory, TrackedLinkFactory

    made = {
        "campaigns_campaign_link_qr": lambda: TrackedLinkFactory(campaign__sponsor__agency=foreign),
        "receipts_receipt_photo": lambda: ReceiptPhotoFactory(receipt__entry__campaign__sponsor__agency=foreign),
        "receipts_receipt_original": lambda: ReceiptPhotoFactory(receipt__entry__campaign__sponsor__agency=foreign),
    }[name]()

    assert operator.get(reverse(f"admin:{name}", args=[made.public_id])).status_code == 404


def test_T16_a_draw_of_a_foreign_campaign_is_not_there(foreign, operator):
    campaign = CampaignFactory(sponsor__agency=foreign, mechanic="later", status=CampaignStatus.CLOSED)

    assert operator.get(reverse("admin:draws_draw_run", args=[campaign.pk])).status_code == 404
