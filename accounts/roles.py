"""What each role may do, as Django permissions: app.codename. Groups are made from this table after each migration."""

from accounts.models import Role

READ_CAMPAIGNS = (
    "campaigns.view_campaign campaigns.view_sponsor campaigns.view_prizecourse campaigns.view_prize"
    " campaigns.view_rulegroup campaigns.view_entryrule campaigns.view_targetproduct campaigns.view_targetstore"
    " campaigns.view_kpitarget campaigns.view_trackedlink campaigns.view_termsversion campaigns.view_survey"
    " campaigns.view_question campaigns.view_store campaigns.view_useconditions campaigns.view_ruleversion"
    " analytics.view_report"
)
READ_PEOPLE = (
    "participants.view_participant participants.view_identity participants.view_entry participants.view_consent"
    " receipts.view_receipt receipts.view_receiptline receipts.view_shop receipts.view_printedform"
    " receipts.view_shopchain receipts.view_product"
    " eligibility.view_decision"
)

PERMISSIONS: dict[str, tuple[str, ...]] = {
    Role.OPERATOR: (
        *READ_CAMPAIGNS.split(),
        *READ_PEOPLE.split(),
        *(
            f"campaigns.{verb}_{model}"
            for verb in ("add", "change", "delete")
            for model in [
                "campaign",
                "sponsor",
                "prizecourse",
                "prize",
                "rulegroup",
                "entryrule",
                "targetproduct",
                "targetstore",
                "kpitarget",
                "trackedlink",
                "termsversion",
                "survey",
                "question",
                "store",
                "useconditions",
            ]
        ),
        *[
            "receipts.add_shop",
            "receipts.change_shop",
            "receipts.add_shopchain",
            "receipts.change_shopchain",
            "receipts.add_product",
            "receipts.change_product",
            "receipts.add_printedform",
            "receipts.change_printedform",
            "eligibility.view_serialbatch",
            "eligibility.add_serialbatch",
            "eligibility.view_referencelist",
            "eligibility.add_referencelist",
            "eligibility.view_reviewcase",
            "eligibility.change_reviewcase",
            "receipts.change_receipt",
            "eligibility.settle_reviewcase",  # the third voice where two reviewers disagree
            "eligibility.change_reviewpolicy",
            "eligibility.view_appeal",
            "eligibility.change_appeal",
            "eligibility.view_purchasereturn",
            "eligibility.add_purchasereturn",
            "eligibility.change_purchasereturn",
            "eligibility.view_suspectedring",
            "eligibility.change_suspectedring",
            "draws.view_draw",
            "draws.add_draw",
            "draws.view_drawresult",
            "codes.view_codebatch",
            "codes.add_codebatch",
            "codes.change_codebatch",
            "codes.export_codebatch",
            "codes.view_codejob",
            "codes.change_codejob",
            "codes.view_stockcount",
            "codes.add_stockcount",
            "codes.view_reservation",
            "codes.change_reservation",
            "codes.view_giftcode",
            "codes.change_giftcode",
            "codes.reveal_giftcode",  # support resends the link instead: the fewer can read codes, the better
            "codes.view_award",
            "codes.change_award",
            "codes.view_redemption",
            "codes.view_terminal",
            "codes.add_terminal",
            "codes.change_terminal",
            "codes.view_settlement",
            "codes.view_offlinedispute",
            "codes.change_offlinedispute",
            "codes.view_shipment",
            "codes.change_shipment",
            "codes.export_shipment",
            "distribution.view_delivery",
            "distribution.change_delivery",
            "accounts.view_auditentry",
            "accounts.view_apikey",
            "accounts.add_apikey",
            "accounts.change_apikey",
        ],
    ),
    Role.REVIEWER: (
        *READ_CAMPAIGNS.split(),
        *READ_PEOPLE.split(),
        "receipts.change_printedform",  # what reviewers teach by mistake they undo
        "eligibility.view_reviewcase",
        "eligibility.change_reviewcase",
        "receipts.change_receipt",
        "eligibility.view_appeal",
        "eligibility.change_appeal",
        "eligibility.view_suspectedring",
        "eligibility.change_suspectedring",
    ),
    Role.SUPPORT: (
        *READ_CAMPAIGNS.split(),
        *READ_PEOPLE.split(),
        "codes.view_award",
        "codes.view_shipment",
        "codes.view_redemption",
        "distribution.view_delivery",
        "distribution.change_delivery",
        "accounts.view_auditentry",
    ),
    Role.VIEWER: (*READ_CAMPAIGNS.split(), "codes.view_codebatch", "codes.view_stockcount"),
}
