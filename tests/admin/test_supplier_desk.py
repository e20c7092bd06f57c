"""Cards of a supplier at the desk: who it is, how far each card is, and what to do when it is not in order."""

import re

import pytest
from django.urls import reverse

from codes.errors import SupplierUnavailable
from codes.history import story_of_batch, story_of_code
from codes.models import CodeBatch, SupplierCard
from codes.services import cancel_card, create_fetched_batch, make_card, replace_unseen_code
from tests.admin.registry import row_url
from tests.contracts.server import LOST_CALL
from tests.factories import NOW
from tests.worlds import fetched_campaign, win

MACHINE_WORDS = re.compile(r"wrong_amount|other_card|out_of_funds|claim:|known from")


def text(answer) -> str:
    """A page as people read it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def refused(agency, supplier_server):
    """The award of a card that its supplier made with another value."""
    supplier_server.wrong_amounts = [300]
    award = win(fetched_campaign(codes=3, sponsor__agency=agency))
    with pytest.raises(SupplierUnavailable):
        make_card(gift_code_id=award.gift_code_id, now=NOW)
    return award


def test_the_page_of_a_code_tells_what_to_read_to_the_supplier(refused, operator):
    card = SupplierCard.objects.get()
    card.gift_code.prize.gift_brand.__class__.objects.update(name="Amazonギフトカード")

    page = text(operator.get(row_url(refused.gift_code)))

    assert "発行元 Amazonギフトカード" in page
    assert f"発行元の番号 {card.card_id}" in page
    assert f"依頼の番号 {card.request_id}" in page
    assert "依頼した額面 500円" in page
    assert "発行された額面 300円" in page
    assert "発行元が額面の違うコードを発行しました" in page
    assert not MACHINE_WORDS.search(page)


def test_what_comes_back_is_what_the_card_is_worth(refused, operator):
    page = text(operator.get(reverse("admin:codes_giftcode_cancel_card", args=[refused.gift_code_id])))
    cancel_card(gift_code_id=refused.gift_code_id, reason="額面違い", now=NOW)

    figures = [moment.figure for moment in story_of_code(refused.gift_code) if "取" in str(moment.label)]
    assert "預託金に戻る金額 300円" in page
    assert figures == ["300円", "300円"]


def test_stories_tell_a_suppliers_reasons_in_words(refused, operator, supplier_server):
    cancel_card(gift_code_id=refused.gift_code_id, reason="額面違い", now=NOW)
    supplier_server.has_contract = False
    CodeBatch.objects.update(status="active")
    refused.gift_code.batch.gift_codes.filter(status="held").update(status="available")
    replace_unseen_code(award_id=refused.pk, reason="額面違い", now=NOW)
    refused.refresh_from_db()
    with pytest.raises(SupplierUnavailable):
        make_card(gift_code_id=refused.gift_code_id, now=NOW)

    reasons = [moment.reason for moment in story_of_batch(CodeBatch.objects.get()) if moment.reason]
    assert reasons == [
        "発行元が額面の違うコードを発行しました。発行元に確認してください。",
        "発行元に断られました：ActiveContractNotFound",
    ]


@pytest.mark.parametrize("trouble", ["silence", "contract"])
@pytest.mark.parametrize("act", ["fetch", "resume"])
def test_without_the_deposit_nothing_is_ordered_and_the_desk_reads_its_own_words(
    act, trouble, refused, operator, supplier_server
):
    if trouble == "silence":
        supplier_server.faults.append(LOST_CALL)
    else:
        supplier_server.has_contract = False
    url = reverse(f"admin:codes_codebatch_{act}", args=[CodeBatch.objects.get().pk] if act == "resume" else [])

    shown = operator.get(url)

    assert "の預託金を確認できません。時間をおいてもう一度開いてください" in text(shown)
    assert "受け取る権利" not in text(shown)
    assert not re.search(r'type="submit"\s+class="desk-button', shown.content.decode())


def test_a_batch_that_is_held_back_leads_to_the_codes_that_could_not_be_made(refused, operator):
    page = operator.get(row_url(refused.gift_code.batch))

    assert "発行できなかったコード: 1件" in text(page)
    assert f'href="{row_url(refused.gift_code)}"' in page.content.decode()

    cancel_card(gift_code_id=refused.gift_code_id, reason="額面違い", now=NOW)
    assert "発行できなかったコード" not in text(operator.get(row_url(refused.gift_code.batch)))


def test_a_deposit_that_is_short_says_by_how_much_before_anything_is_tried(refused, operator, supplier_server):
    cancel_card(gift_code_id=refused.gift_code_id, reason="額面違い", now=NOW)
    supplier_server.funds = 400

    page = operator.get(reverse("admin:codes_codebatch_resume", args=[refused.gift_code.batch_id]))

    assert "の預託金が600円足りません。入金してから、もう一度開いてください。" in text(page)
    assert "-600円" not in text(page)
    assert not re.search(r'type="submit"\s+class="desk-button', page.content.decode())


def test_an_order_speaks_of_codes_that_are_still_to_be_made(agency, operator, supplier_server):
    world = fetched_campaign(codes=1, sponsor__agency=agency)
    batch = create_fetched_batch(prize_id=world.prize.pk, name="第1回", count=4, expires_at=None, now=NOW)

    page = text(operator.get(row_url(batch)))

    assert "4件の発行を依頼しています。" in page
    assert "コードはまだ発行されていません。在庫に入れると、当選のたびに発行元が発行します。" in page
    assert "取り込み済み" not in page
