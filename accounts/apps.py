from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """See to each new session: the wall stays where one is opened in the middle of a call."""
        from accounts.wall import confine_new_session
        from core.instants import read_instants

        connection_created.connect(read_instants)
        connection_created.connect(confine_new_session)
