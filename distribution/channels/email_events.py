"""What the mail provider tells us after it took a mail: delivered, bounced, complained of."""

from functools import cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views import View
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def amazon_ses_events(request: HttpRequest) -> HttpResponseBase:
    """Take an event of SES by SNS; guarded by `ANYMAIL_WEBHOOK_SECRET`.

    The library's own list of addresses opens two dozen more, one for every provider that it knows.
    """
    return _webhook().as_view()(request)


@cache
def _webhook() -> type[View]:
    """Load boto3 at the first event only: it would take a tenth of every start."""
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView

    return AmazonSESTrackingWebhookView  # type: ignore[no-any-return]
