"""The documentation page and the schema it draws from; both are public and hold nobody's data."""

from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer


class DocsPage(SpectacularSwaggerSplitView):
    """Swagger UI from our own host: page, script and style are files, so that the strict content policy holds."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = [TemplateHTMLRenderer]
    template_name = "api/docs.html"
    url_name = "api-schema"


class SchemaFile(SpectacularAPIView):
    """The OpenAPI document as YAML."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = [OpenApiYamlRenderer]
