"""Where each face begins: operators, agencies, consumers, machines that watch."""

from django.contrib import admin
from django.urls import include, path

from distribution.channels.email_events import amazon_ses_events
from journeys.admin import reviews

urlpatterns = [
    path("api/", include("api.urls")),
    path("admin/review/mine/", admin.site.admin_view(reviews.mine), name="review-mine"),
    path("admin/review/undo/<int:opinion_id>/", admin.site.admin_view(reviews.undo), name="review-undo"),
    path("admin/", admin.site.urls),
    path("anymail/amazon_ses/tracking/", amazon_ses_events),
    path("", include("portal.urls")),
]
handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
