"""Version 1: a file a noun. Addresses have no slash at the end."""

from django.urls import path, re_path

from api.docs import SchemaFile
from api.v1 import campaigns, entries, me
from api.views import UnknownAddress

urlpatterns = [
    path("openapi.yaml", SchemaFile.as_view(), name="api-schema"),
    path("me", me.Me.as_view(), name="api-me"),
    path("campaigns", campaigns.CampaignList.as_view(), name="api-campaigns"),
    path("campaigns/<uuid:campaign_id>", campaigns.CampaignDetail.as_view(), name="api-campaign"),
    path("entries", entries.EntryList.as_view(), name="api-entries"),
    path("entries/<uuid:entry_id>", entries.EntryDetail.as_view(), name="api-entry"),
    path("entries/<uuid:entry_id>/receipt", entries.EntryReceipt.as_view(), name="api-entry-receipt"),
    re_path(r"^", UnknownAddress.as_view()),
]
