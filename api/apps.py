from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = _("API")

    def ready(self) -> None:
        """Have each migration end with a policy for every table that calls may reach."""
        from journeys.wall import raise_wall

        post_migrate.connect(raise_wall, sender=self)
