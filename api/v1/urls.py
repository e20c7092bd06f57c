"""Version 1: a file a noun. Addresses have no slash at the end."""

from django.urls import path, re_path

from api.docs import SchemaFile
from api.v1 import (
    campaigns,
    codes,
    entries,
    jobs,
    locks,
    me,
    offline,
    redemptions,
    reports,
    reservations,
    returns,
    reversals,
    settlements,
)
from api.views import UnknownAddress

urlpatterns = [
    # What tills call stands first: each call looks through this list from its begin.
    path("redemptions", redemptions.RedemptionList.as_view(), name="api-redemptions"),
    path("redemptions/validate", redemptions.RedemptionCheck.as_view(), name="api-redemption-check"),
    path("redemptions/locks", locks.LockList.as_view(), name="api-locks"),
    path("redemptions/locks/<uuid:lock_id>", locks.LockDetail.as_view(), name="api-lock"),
    path("redemptions/offline", offline.OfflineReport.as_view(), name="api-offline"),
    path("redemptions/reversals", reversals.TransactionReversal.as_view(), name="api-transaction-reversals"),
    path(
        "redemptions/<uuid:redemption_id>/reversals",
        reversals.RedemptionReversal.as_view(),
        name="api-redemption-reversals",
    ),
    path("openapi.yaml", SchemaFile.as_view(), name="api-schema"),
    path("me", me.Me.as_view(), name="api-me"),
    path("campaigns", campaigns.CampaignList.as_view(), name="api-campaigns"),
    path("campaigns/<uuid:campaign_id>", campaigns.CampaignDetail.as_view(), name="api-campaign"),
    path("campaigns/<uuid:campaign_id>/stock", codes.CodeStock.as_view(), name="api-stock"),
    path("campaigns/<uuid:campaign_id>/funnel", reports.Funnel.as_view(), name="api-funnel"),
    path("campaigns/<uuid:campaign_id>/awards", reports.AwardList.as_view(), name="api-awards"),
    path("entries", entries.EntryList.as_view(), name="api-entries"),
    path("entries/<uuid:entry_id>", entries.EntryDetail.as_view(), name="api-entry"),
    path("entries/<uuid:entry_id>/receipt", entries.EntryReceipt.as_view(), name="api-entry-receipt"),
    path("returns", returns.ReturnList.as_view(), name="api-returns"),
    path("codes/batches", codes.BatchList.as_view(), name="api-batches"),
    path("codes/batches/preview", codes.BatchPreview.as_view(), name="api-batch-preview"),
    path("codes/batches/<uuid:batch_id>", codes.BatchDetail.as_view(), name="api-batch"),
    path("codes/jobs", jobs.JobList.as_view(), name="api-code-jobs"),
    path("codes/jobs/<uuid:job_id>", jobs.JobDetail.as_view(), name="api-code-job"),
    path("reservations", reservations.ReservationList.as_view(), name="api-reservations"),
    path("reservations/<uuid:reservation_id>", reservations.ReservationDetail.as_view(), name="api-reservation"),
    path("settlements", settlements.SettlementList.as_view(), name="api-settlements"),
    path(
        "settlements/<str:store_id>/<str:business_day>.csv",
        settlements.SettlementFile.as_view(),
        name="api-settlement-file",
    ),
    re_path(r"^", UnknownAddress.as_view()),
]
