"""The agencies' face: documentation, schema and version 1."""

from django.urls import include, path

from api.docs import DocsPage

urlpatterns = [
    path("v1/", include("api.v1.urls")),
    path("docs/", DocsPage.as_view(), name="api-docs"),
]
