"""店舗マスター: which shop a receipt is of, what follows for its reading, and how the master grows."""

import pytest

from accounts.models import AuditEntry
from core.errors import StaleState
from eligibility.models import Verdict
from eligibility.services import resolve_case
from receipts.matching import ACCEPT_SCORE, ASK_SCORE, match_stores
from receipts.models import Receipt, Shop, ShopStatus
from receipts.ocr.fake import prepared_reading
from receipts.services import (
    ReceiptFigures,
    confirm_shop,
    correct_figures,
    learn_shop,
    read_receipt,
    store_upload,
    switch_off_shop,
)
from receipts.services.recognising import complete_reading
from receipts.shops import recognise_receipt
from tests import factories
from tests.factories import NOW
from tests.flows.steps import jpeg, tea_reading
from tests.worlds import begin, open_campaign

pytestmark = pytest.mark.django_db

COMPANY = "T7000012050002"  # a number with its right check digit
OTHER_COMPANY = "T8700110005901"


@pytest.fixture
def shop() -> Shop:
    return factories.ShopFactory(
        chain__name="みなとスーパー", branch="渋谷店", telephone="0312345678", registration_no=COMPANY
    )


def completed(shop: Shop, *, reasons: tuple[str, ...] = (), **values):
    read = {"store_name": "ミナ卜ス一パ", "branch": "法谷店", "tel": "03-1234-5678", "registration_no": COMPANY}
    read = {key: value for key, value in (read | values).items() if value}
    reading = prepared_reading(**read, review_reasons=reasons, needs_review=bool(reasons))
    return complete_reading(reading=reading, agency_id=shop.agency_id)


def test_the_telephone_tells_store_and_branch_however_they_were_read(shop):
    reading, found = completed(shop)

    assert (found.shop, found.by) == (shop, "tel")
    assert (reading.value("store_name"), reading.value("branch")) == ("みなとスーパー", "渋谷店")
    assert {key: field.proofs[-1] for key, field in reading.fields.items()} == dict.fromkeys(
        ("store_name", "branch", "tel", "registration_no"), "shop_master"
    )
    assert reading.value("tel") == "03-1234-5678"
    assert reading.needs_review is False


@pytest.mark.parametrize(
    ("values", "by", "branch"),
    [
        ({"tel": None}, "registration_no", "渋谷店"),
        ({"tel": None, "registration_no": None, "store_name": "みなとス一パー"}, "text", "法谷店"),
        ({"tel": None, "registration_no": None, "store_name": "MINATO", "branch": "しぶや"}, "text", "渋谷店"),
        ({"tel": None, "registration_no": None, "store_name": "よそのスーパー"}, "", "法谷店"),
        ({"tel": None, "registration_no": None, "store_name": None}, "", "法谷店"),
    ],
)
def test_then_the_registration_number_then_the_text_tells(shop, values, by, branch):
    shop.chain.printed_forms, shop.printed_forms = ["MINATO"], ["シブヤ"]
    shop.chain.save()
    shop.save()

    reading, found = completed(shop, **values)

    assert (found.by, reading.value("branch")) == (by, branch)


@pytest.mark.parametrize(
    ("values", "doubts"),
    [
        ({"tel": "03-1234-5679"}, ("tel_near_shop",)),
        ({"tel": "03-1234-5689"}, ()),
        ({"tel": "03-1234-5679", "registration_no": OTHER_COMPANY}, ()),
        ({"registration_no": OTHER_COMPANY}, ("registration_no_differs",)),
        ({"registration_no": "T1234567890123"}, ()),  # misread: its check digit is wrong
        ({"store_name": "ほかのチェーン"}, ("shop_differs",)),
    ],
)
def test_what_contradicts_the_master_is_for_a_person(shop, values, doubts):
    factories.ShopChainFactory(agency=shop.agency, name="ほかのチェーン")

    reading, _found = completed(shop, **values)

    assert (reading.review_reasons, reading.needs_review) == (doubts, bool(doubts))
    if doubts:
        assert "shop_master" not in {proof for field in reading.fields.values() for proof in field.proofs}


def test_a_known_telephone_that_a_second_figure_agrees_with_needs_no_second_reading(shop):
    assert completed(shop, reasons=("unsure_tel",))[0].needs_review is False
    assert completed(shop, reasons=("unsure_tel",), registration_no=None, store_name=None)[0].review_reasons == (
        "unsure_tel",
    )
    assert completed(shop, reasons=("unsure_tel", "screen"))[0].review_reasons == ("screen",)


def test_a_company_with_several_branches_tells_its_chain_only(shop):
    factories.ShopFactory(chain=shop.chain, branch="新宿店", telephone="0312345699", registration_no=COMPANY)

    _reading, found = completed(shop, tel=None)
    _reading, by_name = completed(shop, tel=None, branch="渋谷店")

    assert (found.chain, found.shop) == (shop.chain, None)
    assert by_name.shop == shop


@pytest.mark.parametrize("status", [ShopStatus.PROPOSED, ShopStatus.OFF])
def test_a_shop_that_is_not_in_use_tells_nothing(shop, status):
    Shop.objects.update(status=status)

    assert completed(shop)[1].shop is None


def test_I11_the_master_of_another_agency_tells_nothing(shop):
    reading, found = complete_reading(
        reading=prepared_reading(tel="0312345678"), agency_id=factories.AgencyFactory().pk
    )

    assert (found.chain, found.shop, reading.value("store_name")) == (None, None, None)


def receipt_of(agency=None, **figures) -> Receipt:
    agency = agency or factories.AgencyFactory()
    given = {"telephone": "0698765432", "store_name": "新しい店", "branch": "梅田店", "registration_no": COMPANY}
    return factories.ReceiptFactory(entry__campaign__sponsor__agency=agency, **(given | figures))


def learn(receipt: Receipt, *, actor_id: int | None = None) -> Shop | None:
    return learn_shop(receipt_id=receipt.pk, actor_id=actor_id or factories.UserFactory().pk, now=NOW)


def test_a_shop_is_learned_from_corrected_figures_and_undone_for_good():
    reviewer = factories.UserFactory()
    receipt = receipt_of(corrected_by=reviewer)

    shop = learn(receipt, actor_id=reviewer.pk)

    assert (shop.chain.name, shop.branch, shop.status, shop.source) == ("新しい店", "梅田店", "active", "confirmed")
    assert (shop.taught_by, shop.taught_at, shop.taught_from) == (reviewer, NOW, receipt)
    assert recognise_receipt(receipt).shop == shop

    switch_off_shop(shop_id=shop.pk, actor_id=reviewer.pk, now=NOW)

    assert recognise_receipt(receipt).shop is None
    assert learn(receipt) is None
    with pytest.raises(StaleState):
        switch_off_shop(shop_id=shop.pk, actor_id=reviewer.pk, now=NOW)
    confirm_shop(shop_id=shop.pk, actor_id=reviewer.pk, now=NOW)
    assert recognise_receipt(receipt).shop == shop
    trail = AuditEntry.objects.filter(subject_type="receipts.shop").order_by("pk").values_list("action", flat=True)
    assert list(trail) == ["shop.learned", "shop.switched_off", "shop.confirmed"]


def test_figures_that_were_only_approved_propose_a_shop_until_somebody_elses_receipt_says_the_same():
    first = receipt_of()
    mine_again = receipt_of(agency=first.agency, entry__participant=first.entry.participant)
    another = receipt_of(agency=first.agency)

    shop = learn(first)
    assert (shop.status, learn(mine_again).status) == (ShopStatus.PROPOSED, ShopStatus.PROPOSED)

    assert learn(another).status == ShopStatus.ACTIVE


@pytest.mark.parametrize("figures", [{"telephone": ""}, {"store_name": ""}, {"telephone": "12345"}])
def test_nothing_is_learned_from_half_a_shop(figures):
    assert learn(receipt_of(**figures)) is None
    assert Shop.objects.count() == 0


def test_a_telephone_near_a_known_one_is_proposed_even_when_corrected(shop):
    near = receipt_of(
        agency=shop.agency, telephone="0312345679", store_name="みなとスーパー", corrected_by=factories.UserFactory()
    )

    assert learn(near).status == ShopStatus.PROPOSED


def test_a_branch_of_the_master_keeps_its_telephone(shop):
    other = receipt_of(agency=shop.agency, store_name="みなとスーパー", branch="渋谷店", registration_no="")

    assert learn(other) is None
    assert list(Shop.objects.values_list("telephone", flat=True)) == ["0312345678"]


def test_a_receipt_that_is_read_takes_its_store_from_the_master(prepared_reader):
    entry = begin(open_campaign())
    shop = factories.ShopFactory(
        chain__agency=entry.agency, chain__name="みなと屋", branch="港南店", telephone="0312345678"
    )
    prepared_reader.prepare(tea_reading())
    receipt = store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW)

    found = read_receipt(receipt_id=receipt.pk, now=NOW)

    assert (found.store_name, found.branch, found.chain, found.shop) == ("みなと屋", "港南店", shop.chain, shop)
    assert found.reading["fields"]["tel"]["proofs"][-1] == "shop_master"
    corrected = correct_figures(
        receipt_id=receipt.pk,
        figures=ReceiptFigures(store_name="みなと屋", branch="港北店", telephone="0399999999"),
        lines=[],
        actor_id=factories.UserFactory().pk,
        now=NOW,
    )
    assert (corrected.branch, corrected.chain, corrected.shop) == ("港北店", shop.chain, None)


def test_an_approval_at_the_desk_teaches_the_shop_and_a_refusal_does_not():
    verdicts = {
        Verdict.ELIGIBLE: ("0311111111", "approved_by_desk"),
        Verdict.REFUSED: ("0322222222", "refused_by_desk"),
    }
    for verdict, (telephone, reason) in verdicts.items():
        case = factories.ReviewCaseFactory()
        factories.ReceiptFactory(entry=case.entry, telephone=telephone)
        reviewer = factories.UserFactory()
        resolve_case(case_id=case.pk, verdict=verdict, reason_code=reason, actor_id=reviewer.pk, now=NOW)

    assert list(Shop.objects.values_list("telephone", "status")) == [("0311111111", "proposed")]


def test_a_target_store_is_met_under_any_name_that_the_master_knows(shop):
    figures = {"store_name": "みなとスーパー", "branch": "渋谷店", "store_forms": ["ミナトスーパー", "MINATO MARKET"]}

    assert match_stores(figures, [{"name": "MINATO MARKET"}]) >= ACCEPT_SCORE
    assert match_stores(figures | {"store_forms": []}, [{"name": "MINATO MARKET"}]) < ASK_SCORE
