"""Bring the groups of the roles in line with `accounts/roles.py`; run after each migration."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import sync_roles


class Command(BaseCommand):
    help = "Make the roles' groups and permissions as accounts/roles.py says."

    def handle(self, *args: Any, **options: Any) -> None:
        sync_roles()
        self.stdout.write("Roles are up to date.")
