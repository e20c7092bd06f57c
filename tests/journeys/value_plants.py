"""Violations about value: each function breaks one thing about codes, caps or books, and gives the row it shows in."""

from datetime import timedelta

from django.db.models import F

from campaigns.models import Budget
from codes.models import (
    Allocation,
    Award,
    BatchStatus,
    CodeBatch,
    CodeSource,
    CodeStatus,
    GiftCode,
    Household,
    LedgerTransfer,
    Redemption,
    Reservation,
    Settlement,
    Shipment,
    ShipmentStatus,
    SupplierCard,
    Tombstone,
)
from codes.selectors import cards_out_of_order
from codes.services import give_address
from distribution.models import Delivery
from draws.models import CourseCounter, DrawResult
from journeys.audit import violations
from journeys.audit.naming import name_ids
from participants.models import Entry, Identity
from tests import factories
from tests.factories import NOW
from tests.worlds import address, goods_campaign, win


def name(row) -> str:
    return f"{row._meta.label_lower}:{row.pk}"


def first(model):
    return model.objects.earliest("pk")


def issued_without_award(_world):
    code = GiftCode.objects.filter(status=CodeStatus.AVAILABLE).earliest("pk")
    GiftCode.objects.filter(pk=code.pk).update(status=CodeStatus.ISSUED, issued_at=NOW)
    return code


def awarded_from_stock(_world):
    code = GiftCode.objects.filter(award__isnull=False).earliest("pk")
    GiftCode.objects.filter(pk=code.pk).update(status=CodeStatus.AVAILABLE, issued_at=None)
    return code


def award_without_code(_world):
    award = first(Award)
    Award.objects.filter(pk=award.pk).update(gift_code=None)
    return award


def code_of_another_prize(world):
    award = first(Award)
    other = factories.PrizeFactory.create(course=world.course)
    Award.objects.filter(pk=award.pk).update(prize=other)
    return award


def fetched_code() -> GiftCode:
    """A code of a supplier that a winner holds, with its card."""
    award = factories.AwardFactory.create(
        gift_code__batch__source=CodeSource.FETCHED,
        gift_code__code_ciphertext="",
        gift_code__issued_at=NOW - timedelta(minutes=10),
    )
    code = award.gift_code
    SupplierCard.objects.create(
        agency=code.agency, gift_code=code, supplier="amazon", request_id="Mzhki1", amount_jpy=code.face_value_jpy
    )
    assert name(code) not in name_ids(GiftCode, cards_out_of_order(NOW))
    return code


def fetched_code_that_was_never_asked_for(_world):
    code = fetched_code()
    SupplierCard.objects.all().delete()
    return code


def fetched_code_of_another_value(_world):
    code = fetched_code()
    SupplierCard.objects.update(amount_jpy=F("amount_jpy") + 1)
    return code


def fetched_code_that_was_kept(_world):
    code = fetched_code()
    GiftCode.objects.filter(pk=code.pk).update(pin_ciphertext="v1:test1:a:b")
    return code


def fetched_code_made_while_in_stock(_world):
    code = fetched_code()
    GiftCode.objects.filter(pk=code.pk).update(status=CodeStatus.AVAILABLE, issued_at=None)
    return code


def card_of_a_code_that_we_hold(_world):
    code = first(Award).gift_code
    SupplierCard.objects.create(
        agency=code.agency, gift_code=code, supplier="amazon", request_id="Mzhki2", amount_jpy=code.face_value_jpy
    )
    return code


def batch_short_of_a_code(_world):
    batch = first(CodeBatch)
    GiftCode.objects.filter(batch=batch, status=CodeStatus.AVAILABLE).earliest("pk").delete()
    return batch


def staged_in_an_active_batch(_world):
    code = GiftCode.objects.filter(status=CodeStatus.AVAILABLE).earliest("pk")
    GiftCode.objects.filter(pk=code.pk).update(status=CodeStatus.STAGED)
    return code


def award_nobody_was_told_of(_world):
    award = first(Award)
    Delivery.objects.filter(award=award).delete()
    return award


def reserved_for_nobody(_world):
    code = GiftCode.objects.filter(status=CodeStatus.AVAILABLE).earliest("pk")
    GiftCode.objects.filter(pk=code.pk).update(status=CodeStatus.RESERVED)
    return code


def kept_for_somebody_and_in_stock(world):
    code = GiftCode.objects.filter(status=CodeStatus.AVAILABLE).earliest("pk")
    Reservation.objects.create(
        agency=world.agency, prize=world.prize, gift_code=code, reference="r", expires_at=NOW + timedelta(hours=1)
    )
    return code


def given_out_of_a_discarded_batch(_world):
    code = first(Award).gift_code
    CodeBatch.objects.filter(pk=code.batch_id).update(status=BatchStatus.DISCARDED)
    return code


def share_that_gave_out_more_than_left_the_stock(world):
    Allocation.objects.create(agency=world.agency, prize=world.prize, place="", quota=9, used=3)
    return world.prize


def budget_that_missed_a_prize(world):
    return Budget.objects.create(campaign=world.campaign, total_jpy=10_000, used_jpy=500)


def budget_that_counts_what_nobody_got(world):
    return Budget.objects.create(campaign=world.campaign, total_jpy=10_000, used_jpy=1500)


def parcel() -> Shipment:
    """Goods of another campaign on their way to a dwelling, sound so far."""
    world = goods_campaign(goods_per_household=2)
    shipment = give_address(award_id=win(world).pk, typed=address(), now=NOW)
    assert violations(NOW).keys() <= {"I13"}
    return shipment


def household_counted_too_low(_world):
    household = parcel().household
    Household.objects.filter(pk=household.pk).update(used=0)
    return household


def household_that_counts_what_nobody_got(_world):
    household = parcel().household
    Household.objects.filter(pk=household.pk).update(used=2)
    return household


def parcel_that_no_household_counts(_world):
    shipment = parcel()
    Shipment.objects.filter(pk=shipment.pk).update(status=ShipmentStatus.RETURNED, handed_over_at=NOW, household=None)
    return shipment.household


def household_of_another_campaign(_world):
    shipment = parcel()
    Household.objects.filter(pk=shipment.household_id).update(campaign=factories.CampaignFactory.create())
    return shipment


def goods_without_a_parcel(_world):
    shipment = parcel()
    Shipment.objects.filter(pk=shipment.pk).delete()
    return shipment.award


def address_in_clear(_world):
    shipment = parcel()
    Shipment.objects.filter(pk=shipment.pk).update(address_ciphertext="東京都渋谷区神宮前1-2-3")
    return shipment


def address_where_a_household_s_hash_belongs(_world):
    household = parcel().household
    Household.objects.filter(pk=household.pk).update(address_index="1500001|神宮前|1-2-3")
    return household


def reversal_of_another_code(_world):
    reversal = Redemption.objects.get(kind="reversal")
    Redemption.objects.filter(pk=reversal.pk).update(gift_code=GiftCode.objects.latest("pk"))
    return reversal


def paid_back_to_the_campaign(_world):
    return post(Redemption.objects.earliest("pk").gift_code, "code", "program", 1)


def line_booked_for_another_store(world):
    line = Redemption.objects.get(kind="redeem")
    Redemption.objects.filter(pk=line.pk).update(store=factories.StoreFactory.create(agency=world.agency))
    return line


def code_in_clear(_world):
    code = GiftCode.objects.latest("pk")
    GiftCode.objects.filter(pk=code.pk).update(code_ciphertext="ABCD2345EFGH6789")
    return code


def card_number_in_clear(_world):
    code = GiftCode.objects.latest("pk")
    GiftCode.objects.filter(pk=code.pk).update(number_ciphertext="4901234567890123")
    return code


def code_where_its_hash_belongs(_world):
    code = GiftCode.objects.latest("pk")
    GiftCode.objects.filter(pk=code.pk).update(code_index="ABCD2345EFGH6789")
    return code


def contact_in_clear(_world):
    identity = first(Identity)
    Identity.objects.filter(pk=identity.pk).update(value_ciphertext="taro@example.jp")
    return identity


def message_to_another_entry(_world):
    delivery = first(Delivery)
    Delivery.objects.filter(pk=delivery.pk).update(entry=Entry.objects.exclude(pk=delivery.entry_id).earliest("pk"))
    return delivery


def counter_too_low(_world):
    counter = CourseCounter.objects.get(day__isnull=True)
    CourseCounter.objects.filter(pk=counter.pk).update(used=1)
    return counter


def day_counter_too_low(_world):
    counter = CourseCounter.objects.get(day__isnull=False)
    CourseCounter.objects.filter(pk=counter.pk).update(used=0)
    return counter


def win_that_nobody_counted(_world):
    CourseCounter.objects.all().delete()
    return first(DrawResult)


def balance_too_low(_world):
    code = GiftCode.objects.filter(award__isnull=False).earliest("pk")
    GiftCode.objects.filter(pk=code.pk).update(balance_jpy=F("balance_jpy") - 100)
    return code


def books_of_another_balance(_world):
    code = Redemption.objects.earliest("pk").gift_code
    post(code, "code", "lapsed", 100)
    return code


def given_back_more_often_than_noted(_world):
    used = Redemption.objects.get(kind="redeem")
    Redemption.objects.filter(pk=used.pk).update(reversed_jpy=0)
    return used


def line_that_is_not_in_the_books(world):
    code = Redemption.objects.earliest("pk").gift_code
    return Redemption.objects.create(
        agency=world.agency, gift_code=code, store=world.store, kind="redeem", amount_jpy=1, balance_after_jpy=0, at=NOW
    )


def store_credited_for_nothing(world):
    return post(Redemption.objects.earliest("pk").gift_code, "code", "store", 100, store=world.store)


def code_opened_above_its_value(_world):
    return post(GiftCode.objects.latest("pk"), "program", "code", 501)


def settlement_that_its_lines_do_not_give(world):
    zero = dict.fromkeys(["redeemed_count", "reversed_count", "reversed_jpy", "refunded_count", "refunded_jpy"], 0)
    return Settlement.objects.create(
        agency=world.agency,
        store=world.store,
        business_day=NOW.date(),
        redeemed_jpy=1,
        net_jpy=1,
        closed_at=NOW,
        **zero,
    )


def sale_that_its_till_undid(world):
    used = Redemption.objects.get(kind="redeem")
    Redemption.objects.filter(pk=used.pk).update(reversed_jpy=100)
    Tombstone.objects.create(agency=world.agency, store=world.store, pos_transaction_id="1", at=NOW)
    return used


def post(code, source, target, amount, store=None):
    return LedgerTransfer.objects.create(
        agency_id=code.agency_id,
        gift_code=code,
        from_account=source,
        to_account=target,
        amount_jpy=amount,
        store=store,
        at=NOW,
    )


def reversal_of_another_amount(_world):
    reversal = Redemption.objects.get(kind="reversal")
    Redemption.objects.filter(pk=reversal.pk).update(amount_jpy=100)
    return reversal.reverses
