"""I11 on PostgreSQL: of two tables that both name an agency, the database or the audit holds each row to one."""

import pytest
from django.db import IntegrityError, connection, transaction
from structlog.testing import capture_logs

from campaigns.models import Campaign
from journeys.agency_keys import keep_to_one_agency, pairs, unguarded_keys
from journeys.audit import audit_invariants
from journeys.audit.tenancy import compared_pairs
from participants.models import Entry
from tests.factories import NOW, AgencyFactory, CampaignFactory, EntryFactory, ParticipantFactory, SponsorFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

# Tables too large for one more index each: docs/decisions/0013-a-second-wall.md says what it would cost.
LARGE = {
    "codes_award": ["codes_award.replaces_id", "codes_reservation.award_id", "codes_shipment.award_id",
                    "distribution_delivery.about_id", "distribution_delivery.award_id"],
    "codes_giftcode": ["codes_award.gift_code_id", "codes_codelock.gift_code_id", "codes_ledgertransfer.gift_code_id",
                       "codes_offlinedispute.gift_code_id", "codes_redemption.gift_code_id",
                       "codes_reservation.gift_code_id", "codes_suppliercard.gift_code_id"],
    "codes_household": ["codes_shipment.household_id"],
    "codes_redemption": ["codes_ledgertransfer.redemption_id", "codes_recoveredcall.redemption_id",
                         "codes_redemption.reverses_id"],
    "draws_drawresult": ["codes_award.result_id"],
    "eligibility_decision": ["eligibility_appeal.decision_id", "eligibility_appeal.outcome_id",
                             "eligibility_purchasereturn.decision_id", "eligibility_reviewcase.decision_id",
                             "eligibility_reviewcase.outcome_id"],
    "eligibility_ringact": ["eligibility_ringact.undoes_id"],
    "participants_entry": ["codes_award.entry_id", "distribution_delivery.entry_id", "draws_drawresult.entry_id",
                           "eligibility_appeal.entry_id", "eligibility_decision.entry_id",
                           "eligibility_purchasereturn.entry_id", "eligibility_reviewcase.entry_id",
                           "participants_entrytrace.entry_id", "participants_touch.entry_id",
                           "receipts_receipt.entry_id"],
    "participants_identity": ["codes_award.bound_identity_id", "distribution_delivery.identity_id"],
    "receipts_receipt": ["eligibility_purchasereturn.receipt_id", "receipts_printedform.taught_from_id",
                         "receipts_shop.taught_from_id"],
}  # fmt: skip
HELD = {
    "accounts_apikey": ["codes_redemption.api_key_id", "codes_reservation.api_key_id", "codes_terminal.api_key_id",
                        "codes_tombstone.api_key_id"],
    "campaigns_campaign": ["campaigns_campaign.cloned_from_id", "codes_budgetalarm.campaign_id",
                           "codes_household.campaign_id", "codes_shippinglist.campaign_id",
                           "draws_draw.campaign_id", "eligibility_appeal.campaign_id",
                           "eligibility_purchasereturn.campaign_id", "eligibility_referencelist.campaign_id",
                           "eligibility_reviewcase.campaign_id", "eligibility_serialbatch.campaign_id",
                           "participants_entry.campaign_id", "participants_entrytrace.campaign_id",
                           "participants_touch.campaign_id", "receipts_receipt.campaign_id"],
    "campaigns_sponsor": ["campaigns_campaign.sponsor_id", "eligibility_suspectedring.sponsor_id",
                          "receipts_printedform.sponsor_id", "receipts_product.sponsor_id"],
    "campaigns_store": ["codes_allocation.store_id", "codes_codelock.store_id", "codes_ledgertransfer.store_id",
                        "codes_offlinedispute.store_id", "codes_redemption.store_id", "codes_settlement.store_id",
                        "codes_terminal.store_id", "codes_tombstone.store_id"],
    "codes_codebatch": ["codes_codejob.batch_id", "codes_giftcode.batch_id", "codes_stockcount.batch_id"],
    "codes_shippinglist": ["codes_shipment.shipping_list_id"],
    "draws_draw": ["draws_drawresult.draw_id"],
    "eligibility_suspectedring": ["eligibility_ringact.ring_id"],
    "participants_participant": ["participants_entry.participant_id", "participants_identity.participant_id",
                                 "participants_participant.merged_into_id", "participants_touch.participant_id"],
    "receipts_product": ["receipts_printedform.product_id"],
    "receipts_shop": ["receipts_receipt.shop_id"],
    "receipts_shopchain": ["receipts_printedform.chain_id", "receipts_receipt.chain_id", "receipts_shop.chain_id"],
}  # fmt: skip


def guarded(by_the_database: bool) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair, can_be_held in pairs():
        if can_be_held is by_the_database:
            found.setdefault(pair.parent, []).append(pair.label)
    return {parent: sorted(labels) for parent, labels in sorted(found.items())}


def ask_nothing(statement):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_I11_each_pair_of_tables_with_an_agency_is_held_to_one_and_a_new_one_is_not_forgotten():
    assert guarded(by_the_database=True) == HELD
    assert guarded(by_the_database=False) == LARGE
    assert unguarded_keys() == []


def test_I11_the_audit_compares_every_pair_that_the_database_does_not_hold():
    compared = {f"{model._meta.db_table}.{column}" for model, column in compared_pairs()}

    assert {label for labels in LARGE.values() for label in labels} <= compared


def stored(make, **values):
    """Store a row and have the database look at once, not only at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return make(**values)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: CampaignFactory(sponsor=SponsorFactory(), agency=AgencyFactory()), "campaigns_campaign_sponsor_id"),
        (lambda: EntryFactory(participant=ParticipantFactory(agency=AgencyFactory())), "participants_entry"),
    ],
)
def test_I11_no_row_hangs_on_a_row_of_another_agency(make, name):
    with pytest.raises(IntegrityError, match=f"{name}.*_of_agency"):
        stored(make)


def test_a_row_without_the_other_is_nobody_s_and_goes_in():
    assert stored(CampaignFactory, cloned_from=None).pk
    campaign = stored(CampaignFactory)
    assert stored(CampaignFactory, agency=campaign.agency, sponsor=campaign.sponsor, cloned_from=campaign).pk


def test_I11_a_key_that_is_gone_is_named_by_the_audit_and_made_by_the_next_migration():
    ask_nothing("ALTER TABLE campaigns_campaign DROP CONSTRAINT campaigns_campaign_sponsor_id_of_agency")
    assert unguarded_keys() == ["campaigns_campaign.sponsor_id"]
    assert audit_invariants(NOW)["I11"] == ["key:campaigns_campaign.sponsor_id"]

    keep_to_one_agency()

    assert unguarded_keys() == []
    assert audit_invariants(NOW)["I11"] == []


def test_I11_rows_of_before_that_lie_across_stop_no_migration_are_named_and_no_more_come():
    campaign = CampaignFactory()
    ask_nothing("ALTER TABLE campaigns_campaign DROP CONSTRAINT campaigns_campaign_sponsor_id_of_agency")
    Campaign.objects.update(sponsor=SponsorFactory(agency=AgencyFactory()))

    with capture_logs() as lines:
        keep_to_one_agency()

    assert [line["event"] for line in lines] == ["rows_of_two_agencies"]
    named = {"key:campaigns_campaign.sponsor_id", f"campaigns.campaign:{campaign.pk}"}
    assert set(audit_invariants(NOW)["I11"]) == named
    with pytest.raises(IntegrityError):
        stored(CampaignFactory, sponsor=SponsorFactory(), agency=AgencyFactory())
    assert Entry.objects.count() == 0
