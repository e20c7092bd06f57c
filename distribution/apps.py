from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DistributionConfig(AppConfig):
    name = "distribution"
    verbose_name = _("Distribution")

    def ready(self) -> None:
        """Listen to what the mail provider reports."""
        from anymail.signals import tracking

        from distribution.receivers import on_mail_event

        tracking.connect(on_mail_event, dispatch_uid="distribution.on_mail_event")
