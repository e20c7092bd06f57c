"""What each role opens: a page for what its work needs, a closed door for the rest."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from campaigns.models import CampaignStatus
from tests.admin.registry import list_url, make_row, row_url
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.matrix

# O operator, R reviewer, S support, V agency viewer
LISTS = {
    "campaigns.campaign": "ORSV",
    "campaigns.sponsor": "ORSV",
    "campaigns.store": "ORSV",
    "analytics.report": "ORSV",
    "participants.participant": "ORS",
    "participants.entry": "ORS",
    "receipts.receipt": "ORS",
    "receipts.shop": "ORS",
    "receipts.printedform": "ORS",
    "receipts.shopchain": "ORS",
    "receipts.product": "ORS",
    "eligibility.reviewcase": "OR",
    "eligibility.suspectedring": "OR",
    "eligibility.appeal": "OR",
    "eligibility.purchasereturn": "O",
    "eligibility.serialbatch": "O",
    "eligibility.referencelist": "O",
    "draws.draw": "O",
    "draws.drawresult": "O",
    "codes.codebatch": "OV",
    "codes.giftcode": "O",
    "codes.reservation": "O",
    "codes.codejob": "O",
    "codes.stockcount": "OV",
    "campaigns.giftbrand": "ORSV",
    "codes.award": "OS",
    "codes.shipment": "OS",
    "codes.shippinglist": "O",
    "codes.redemption": "OS",
    "codes.terminal": "O",
    "codes.settlement": "O",
    "codes.offlinedispute": "O",
    "campaigns.prize": "ORSV",
    "distribution.delivery": "OS",
    "accounts.apikey": "O",
    "accounts.auditentry": "OS",
    "accounts.agency": "",
    "accounts.membership": "",
    "accounts.user": "",
    "auth.group": "",
    "axes.accessattempt": "",
    "django_celery_beat.periodictask": "",
}
ADDS = {
    "campaigns.campaign": "O",
    "campaigns.sponsor": "O",
    "campaigns.store": "O",
    "accounts.apikey": "O",
    "receipts.shopchain": "O",
    "receipts.product": "O",
    "codes.terminal": "O",
    "accounts.user": "",
    "accounts.agency": "",
    "accounts.membership": "",
    "codes.giftcode": "",
    "codes.stockcount": "",
    "campaigns.giftbrand": "",
    "codes.award": "",
    "draws.drawresult": "",
    "distribution.delivery": "",
    "accounts.auditentry": "",
}
ACTS = {  # what may be done to a row: model, name, roles
    ("campaigns.campaign", "pause"): "O",
    ("campaigns.campaign", "clone"): "O",
    ("campaigns.campaign", "preview"): "ORSV",
    ("campaigns.store", "set_pin"): "O",
    ("campaigns.store", "staff_sheet"): "ORSV",
    ("codes.giftcode", "void"): "O",
    ("codes.giftcode", "reveal"): "O",
    ("codes.giftcode", "hold"): "O",
    ("codes.codebatch", "hold"): "O",
    ("codes.codebatch", "recall"): "O",
    ("codes.codebatch", "export_codes"): "O",
    ("codes.codejob", "confirm"): "O",
    ("codes.codejob", "cancel"): "O",
    ("codes.reservation", "release"): "O",
    ("codes.award", "void"): "O",
    ("codes.shipment", "show_address"): "O",
    ("codes.shipment", "hand_over"): "O",
    ("codes.shippinglist", "refuse"): "O",
    ("codes.terminal", "switch_off"): "O",
    ("codes.settlement", "download"): "O",
    ("codes.offlinedispute", "store_bears"): "O",
    ("codes.offlinedispute", "sponsor_bears"): "O",
    ("codes.offlinedispute", "drop"): "O",
    ("eligibility.suspectedring", "release"): "OR",
    ("eligibility.suspectedring", "send_to_review"): "OR",
    ("eligibility.suspectedring", "refuse"): "OR",
    ("receipts.shop", "switch_off"): "O",
    ("receipts.printedform", "undo"): "OR",
    ("codes.award", "unbind"): "O",
    ("distribution.delivery", "reissue"): "O",
    ("distribution.delivery", "resend"): "OS",
    ("accounts.apikey", "revoke"): "O",
    ("participants.participant", "note"): "ORS",
}
PAGES = {
    "codes_codebatch_import_file": "O",
    "codes_codebatch_generate": "O",
    "codes_codebatch_exports": "O",
    "codes_giftcode_find": "O",
    "codes_shipment_import_file": "O",
    "codes_shippinglist_request_list": "O",
    "codes_stockcount_count": "O",
    "codes_stock": "OV",
    "receipts_shop_import_file": "O",
    "receipts_printedform_import_file": "O",
    "eligibility_serialbatch_import_file": "O",
    "eligibility_serialbatch_generate": "O",
    "eligibility_referencelist_import_file": "O",
}
ROLES = {"O": Role.OPERATOR, "R": Role.REVIEWER, "S": Role.SUPPORT, "V": Role.VIEWER}


def expected(allowed: str, letter: str) -> set[int]:
    return {200} if letter in allowed else {302, 403, 404}


@pytest.mark.parametrize("letter", ROLES)
@pytest.mark.parametrize("label", LISTS)
def test_a_list_opens_for_the_roles_that_need_it(label, letter, agency, desk):
    assert desk(ROLES[letter]).get(list_url(label)).status_code in expected(LISTS[label], letter)


@pytest.mark.parametrize("letter", ROLES)
@pytest.mark.parametrize("label", ADDS)
def test_only_those_who_make_rows_see_the_form(label, letter, agency, desk):
    url = reverse(f"admin:{label.replace('.', '_')}_add")

    assert desk(ROLES[letter]).get(url).status_code in expected(ADDS[label], letter)


@pytest.mark.parametrize("letter", ROLES)
@pytest.mark.parametrize(("label", "name"), ACTS)
def test_an_act_is_asked_of_the_roles_that_may(label, name, letter, agency, desk):
    row = make_row(label, agency)
    if label == "campaigns.campaign":
        type(row).objects.filter(pk=row.pk).update(status=CampaignStatus.OPEN)
    if name == "reveal":
        type(row).objects.filter(pk=row.pk).update(status="issued", issued_at=NOW)
    if name == "export_codes":
        type(row).objects.filter(pk=row.pk).update(source="generated")
    if name == "unbind":
        type(row).objects.filter(pk=row.pk).update(bound_at=NOW)
    if label == "distribution.delivery":
        type(row).objects.filter(pk=row.pk).update(status="failed")
    url = reverse(f"admin:{label.replace('.', '_')}_{name}", args=[row.pk])

    assert desk(ROLES[letter]).get(url).status_code in expected(ACTS[label, name], letter)


@pytest.mark.parametrize("letter", ROLES)
@pytest.mark.parametrize("name", PAGES)
def test_a_wizard_opens_for_the_roles_that_may(name, letter, agency, desk):
    assert desk(ROLES[letter]).get(reverse(f"admin:{name}")).status_code in expected(PAGES[name], letter)


@pytest.mark.parametrize("letter", ROLES)
def test_everybody_begins_with_what_is_to_be_done_today(letter, agency, desk):
    page = desk(ROLES[letter]).get(reverse("admin:index"))

    assert page.status_code == 200
    assert "今日やること" in page.content.decode()


def test_a_viewer_sees_a_campaign_without_a_button_to_save(agency, desk):
    campaign = make_row("campaigns.campaign", agency)

    page = desk(Role.VIEWER).get(row_url(campaign)).content.decode()

    assert campaign.title in page
    assert 'name="_save"' not in page


def test_a_reviewer_without_the_right_cannot_post_a_verdict(agency, desk):
    case = make_row("eligibility.reviewcase", agency)

    answer = desk(Role.SUPPORT).post(row_url(case), {"verdict": "eligible"})

    case.refresh_from_db()
    assert answer.status_code == 404
    assert case.status == "open"


@pytest.mark.parametrize("path", ["admin:index", "admin:campaigns_campaign_changelist"])
def test_T20_nobody_gets_in_without_signing_in(path, db):
    answer = Client().get(reverse(path))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_T20_guessing_locks_this_name_from_this_address_and_nobody_else(agency, settings, client):
    settings.AXES_ENABLED = True
    UserFactory(username="operator")
    UserFactory(username="colleague")
    url = reverse("admin:login")

    answers = [client.post(url, {"username": "operator", "password": "wrong"}) for _attempt in range(11)]
    right = {"password": "a long enough password"}
    locked = client.post(url, {"username": "operator", **right})
    colleague = Client().post(url, {"username": "colleague", **right})
    elsewhere = Client(REMOTE_ADDR="198.51.100.7").post(url, {"username": "operator", **right})

    assert answers[0].status_code == 200
    assert locked.status_code == 429
    assert "ログインを一時的に止めています" in locked.content.decode()
    assert (colleague.status_code, elsewhere.status_code) == (302, 302)
    assert colleague["Location"] == reverse("admin:index")
