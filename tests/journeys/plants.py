"""Violations, planted behind the services' backs: each function breaks one thing and gives the row that shows it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F

from accounts.models import AuditEntry
from codes.models import (
    Award,
    GiftCode,
)
from distribution.models import Delivery, DeliveryStatus
from draws.models import DrawResult
from eligibility.models import Decision, NumberUse, ReviewCase, Serial, Verdict
from participants.models import Entry, EntryStatus
from tests import factories
from tests.factories import NOW
from tests.journeys.value_plants import (
    address_in_clear,
    address_where_a_household_s_hash_belongs,
    award_nobody_was_told_of,
    award_without_code,
    awarded_from_stock,
    balance_too_low,
    batch_short_of_a_code,
    books_of_another_balance,
    budget_that_counts_what_nobody_got,
    budget_that_missed_a_prize,
    card_number_in_clear,
    card_of_a_code_that_we_hold,
    code_in_clear,
    code_of_another_prize,
    code_opened_above_its_value,
    code_where_its_hash_belongs,
    contact_in_clear,
    counter_too_low,
    day_counter_too_low,
    fetched_code_made_while_in_stock,
    fetched_code_of_another_value,
    fetched_code_that_was_kept,
    fetched_code_that_was_never_asked_for,
    first,
    given_back_more_often_than_noted,
    given_out_of_a_discarded_batch,
    goods_without_a_parcel,
    household_counted_too_low,
    household_of_another_campaign,
    household_that_counts_what_nobody_got,
    issued_without_award,
    kept_for_somebody_and_in_stock,
    line_booked_for_another_store,
    line_that_is_not_in_the_books,
    message_to_another_entry,
    paid_back_to_the_campaign,
    parcel_that_no_household_counts,
    reserved_for_nobody,
    reversal_of_another_amount,
    reversal_of_another_code,
    sale_that_its_till_undid,
    settlement_that_its_lines_do_not_give,
    share_that_gave_out_more_than_left_the_stock,
    staged_in_an_active_batch,
    store_credited_for_nothing,
    win_that_nobody_counted,
)
from tests.worlds import World, begin


def overdue_entry(world):
    entry = begin(world)
    Entry.objects.filter(pk=entry.pk).update(
        status=EntryStatus.SUBMITTED, submitted_at=NOW, advance_after=NOW - timedelta(minutes=10)
    )
    return entry


def entry_that_nobody_wakes(world):
    entry = begin(world)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.SUBMITTED, submitted_at=NOW, advance_after=None)
    return entry


def accepted_entry_that_nobody_wakes(_world):
    entry = first(Entry)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.ACCEPTED, advance_after=None)
    return entry


def accepted_without_a_verdict(world):
    entry = begin(world)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.ACCEPTED, submitted_at=NOW)
    return entry


def review_without_a_case(_world):
    entry = first(Entry)
    Decision.objects.filter(entry=entry).update(verdict=Verdict.UNCLEAR)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.IN_REVIEW)
    return entry


def case_without_a_review(_world):
    decision = first(Decision)
    return ReviewCase.objects.create(
        agency=decision.agency, campaign=decision.entry.campaign, entry=decision.entry, decision=decision
    )


def revealed_without_a_time(_world):
    award = first(Award)
    Award.objects.filter(pk=award.pk).update(revealed_at=None)
    return award


def used_code_without_a_time(_world):
    code = GiftCode.objects.filter(award__isnull=False).latest("pk")
    GiftCode.objects.filter(pk=code.pk).update(balance_jpy=F("balance_jpy") - 1)
    return code


def queued_for_no_time(_world):
    delivery = first(Delivery)
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=None)
    return delivery


def sent_without_an_attempt(_world):
    delivery = first(Delivery)
    Delivery.objects.filter(pk=delivery.pk).update(
        status=DeliveryStatus.ACCEPTED, attempts=1, accepted_at=NOW, next_attempt_at=None
    )
    return delivery


def receipt_of_a_refused_entry(world):
    entry = begin(world)
    receipt = factories.ReceiptFactory.create(entry=entry, counts=True)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.WITHDRAWN)
    return receipt


def award_of_another_agency(_world):
    award = first(Award)
    Award.objects.filter(pk=award.pk).update(agency=factories.AgencyFactory.create())
    return award


def entry_of_another_agencys_campaign(_world):
    entry = first(Entry)
    Entry.objects.filter(pk=entry.pk).update(campaign=factories.CampaignFactory.create())
    return entry


def verdict_by_another_campaigns_rules(world):
    decision = first(Decision)
    other = factories.CampaignFactory.create(sponsor=world.campaign.sponsor)
    Decision.objects.filter(pk=decision.pk).update(rule_version=factories.RuleVersionFactory.create(campaign=other))
    return decision


def reveal_without_a_line(_world):
    AuditEntry.objects.filter(action="code.revealed").delete()
    return first(Award)


def line_without_a_reveal(_world):
    award = first(Award)
    Award.objects.filter(pk=award.pk).update(reveal_count=0)
    return award


def won_without_a_result(_world):
    entry = first(Entry)
    DrawResult.objects.filter(entry=entry).update(course=None)
    return entry


def lost_with_a_win(_world):
    entry = first(Entry)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.LOST)
    return DrawResult.objects.get(entry=entry)


def won_without_any_result(_world):
    return without_its_result(EntryStatus.WON)


def lost_without_any_result(_world):
    return without_its_result(EntryStatus.LOST)


def without_its_result(status):
    result = factories.DrawResultFactory.create(entry__status=status)
    result.delete()
    return result.entry


def serial_used_more_often_than_known(_world):
    serial = first(Serial)
    Serial.objects.filter(pk=serial.pk).update(used_count=0)
    return serial


def serial_kept_by_a_withdrawn_entry(_world):
    use = first(NumberUse)
    Entry.objects.filter(pk=use.entry_id).update(status=EntryStatus.WITHDRAWN)
    return use


def two_receipts_of_one_entry(_world):
    entry = first(Entry)
    factories.ReceiptFactory.create(entry=entry, counts=True)
    return factories.ReceiptFactory.create(entry=entry, counts=True)


def sent_at_the_closing_instant(world):
    entry = first(Entry)
    Entry.objects.filter(pk=entry.pk).update(submitted_at=world.campaign.entry_closes_at)
    return entry


def sent_before_the_opening(world):
    entry = first(Entry)
    early = world.campaign.entry_opens_at - timedelta(microseconds=1)
    Entry.objects.filter(pk=entry.pk).update(submitted_at=early)
    return entry


def verdict_that_its_inputs_do_not_give(_world):
    decision = first(Decision)
    Decision.objects.filter(pk=decision.pk).update(inputs=decision.inputs | {"serial": "refused"})
    return decision


def verdict_without_inputs(_world):
    decision = first(Decision)
    Decision.objects.filter(pk=decision.pk).update(inputs={})
    return decision


PLANTS: dict[str, list[Callable[[World], Any]]] = {
    "I01": [
        issued_without_award,
        awarded_from_stock,
        award_without_code,
        code_of_another_prize,
        fetched_code_that_was_never_asked_for,
        fetched_code_of_another_value,
        fetched_code_that_was_kept,
        fetched_code_made_while_in_stock,
        card_of_a_code_that_we_hold,
        reserved_for_nobody,
        kept_for_somebody_and_in_stock,
    ],
    "I02": [batch_short_of_a_code, staged_in_an_active_batch, given_out_of_a_discarded_batch],
    "I03": [award_nobody_was_told_of, message_to_another_entry],
    "I04": [
        counter_too_low,
        day_counter_too_low,
        win_that_nobody_counted,
        share_that_gave_out_more_than_left_the_stock,
        budget_that_missed_a_prize,
        budget_that_counts_what_nobody_got,
        household_counted_too_low,
        household_that_counts_what_nobody_got,
        parcel_that_no_household_counts,
        household_of_another_campaign,
        goods_without_a_parcel,
    ],
    "I05": [
        balance_too_low,
        reversal_of_another_amount,
        books_of_another_balance,
        given_back_more_often_than_noted,
        reversal_of_another_code,
    ],
    "I06": [
        line_that_is_not_in_the_books,
        store_credited_for_nothing,
        code_opened_above_its_value,
        settlement_that_its_lines_do_not_give,
        paid_back_to_the_campaign,
        line_booked_for_another_store,
    ],
    "I07": [sale_that_its_till_undid],
    "I09": [overdue_entry, entry_that_nobody_wakes, accepted_entry_that_nobody_wakes],
    "I10": [
        accepted_without_a_verdict,
        review_without_a_case,
        case_without_a_review,
        revealed_without_a_time,
        used_code_without_a_time,
        queued_for_no_time,
        sent_without_an_attempt,
        receipt_of_a_refused_entry,
    ],
    "I11": [award_of_another_agency, entry_of_another_agencys_campaign, verdict_by_another_campaigns_rules],
    "I12": [
        code_in_clear,
        card_number_in_clear,
        code_where_its_hash_belongs,
        contact_in_clear,
        address_in_clear,
        address_where_a_household_s_hash_belongs,
    ],
    "I13": [reveal_without_a_line, line_without_a_reveal],
    "I14": [won_without_a_result, lost_with_a_win, won_without_any_result, lost_without_any_result],
    "I15": [serial_used_more_often_than_known, serial_kept_by_a_withdrawn_entry],
    "I16": [two_receipts_of_one_entry],
    "I17": [sent_at_the_closing_instant, sent_before_the_opening],
    "I19": [verdict_that_its_inputs_do_not_give, verdict_without_inputs],
}
