"""A code is cancelled at its supplier from its page: what it means is read first, a reason stands in the trail."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Role
from codes.models import CodeStatus, GiftCode, SupplierCard
from codes.services import make_card, reveal_code
from core import clock
from tests.worlds import fetched_campaign, win


@pytest.fixture
def award(agency, supplier_server):
    award = win(fetched_campaign(codes=1, sponsor__agency=agency))
    make_card(gift_code_id=award.gift_code_id, now=clock.now())
    return award


def page_of(award) -> str:
    return reverse("admin:codes_giftcode_cancel_card", args=[award.gift_code_id])


def test_the_page_says_what_it_means_and_does_it_with_a_reason(operator, award, supplier_server):
    asked = operator.get(page_of(award)).content.decode()
    no_reason = operator.post(page_of(award), {"reason": ""})
    stood = supplier_server.spent
    done = operator.post(page_of(award), {"reason": "別の人に発行した"}, follow=True)

    assert "預託金に戻る金額" in asked
    assert "500円" in asked
    assert SupplierCard.objects.get().card_id in asked
    assert (no_reason.status_code, stood) == (200, 500)
    assert "発行元で取り消し、コードを無効にしました。" in done.content.decode()
    assert "発行元で取り消されました" in done.content.decode()
    assert GiftCode.objects.get().status == CodeStatus.VOID
    line = AuditEntry.objects.get(action="card.cancel_ordered")
    assert (line.reason, line.actor is not None) == ("別の人に発行した", True)


def test_what_stands_against_it_takes_the_button_away(operator, award, supplier_server):
    reveal_code(award_id=award.pk, now=clock.now())

    asked = operator.get(page_of(award)).content.decode()
    pressed = operator.post(page_of(award), {"reason": "x"}, follow=True).content.decode()

    assert "当選者がすでにコードを見ているため、発行元で取り消せません。" in asked
    assert "desk-button grave" not in asked
    assert "当選者がすでにコードを見ているため" in pressed
    assert supplier_server.spent == 500


def test_after_the_supplier_s_time_it_says_so(operator, award):
    SupplierCard.objects.update(made_at=clock.now() - timedelta(minutes=16))

    assert "発行元が取消を受け付ける時間を過ぎています" in operator.get(page_of(award)).content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER])
def test_only_operators_are_offered_it(desk, award, supplier_server, role):
    assert desk(role).post(page_of(award), {"reason": "x"}).status_code in (302, 403, 404)
    assert supplier_server.spent == 500
