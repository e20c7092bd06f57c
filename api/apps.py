from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = _("API")

    def ready(self) -> None:
        """Have each migration end with keys that look at the agency, and a policy for every table calls may reach."""
        from journeys.agency_keys import keep_to_one_agency
        from journeys.wall import raise_wall

        post_migrate.connect(keep_to_one_agency, sender=self)
        post_migrate.connect(raise_wall, sender=self)
