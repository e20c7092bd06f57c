"""`manage.py sync_roles`: make the groups of `accounts/roles.py`; run after each migration."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import Membership
from accounts.services import sync_roles, sync_user_groups


class Command(BaseCommand):
    help = "Make groups and permissions as accounts/roles.py says, and put members into their groups."

    def handle(self, *_args: Any, **_options: Any) -> None:
        sync_roles()
        members = Membership.objects.order_by("user_id").values_list("user_id", flat=True)
        for user_id in members.distinct():
            sync_user_groups(user_id=user_id)
        self.stdout.write(self.style.SUCCESS("roles are in step with accounts/roles.py"))
