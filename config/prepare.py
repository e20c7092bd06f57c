"""First step of `./run serve`: a database that is up to date and not empty; prints where everything is.

A process of its own, so that the supervisor never loads Django.
"""

import io
import json
import os
import sys

import django
import qrcode
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse


def migrate() -> None:
    """Migrate only where something is due: the command itself takes a second even for nothing."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("mizuhiki: migrating the database …", file=sys.stderr)
        call_command("migrate", interactive=False, verbosity=0)


def load_demo() -> None:
    """Load the demo campaigns into a database that has none."""
    from campaigns.models import Campaign

    if not Campaign.objects.exists():
        print("mizuhiki: loading the demo campaigns …", file=sys.stderr)
        call_command("load_demo", stdout=sys.stderr)


def entry_path() -> str:
    """The entry page of the oldest open campaign."""
    from campaigns.models import Campaign, CampaignStatus

    campaign = Campaign.objects.filter(status=CampaignStatus.OPEN).order_by("pk").first()
    return reverse("portal:campaign", args=[campaign.slug]) if campaign else reverse("portal:home")


def staff_login() -> str:
    """Store and PIN of the demo, which the demo wrote down when it was loaded."""
    path = settings.DATA_DIR / "demo.json"
    access = json.loads(path.read_text()) if path.exists() else {}
    return f"{access['stores'][0]} / {access['staff_pin']}" if access else ""


def card() -> str:
    """What the terminal shows: every address, and the entry page as a QR."""
    entry_url = settings.PUBLIC_URL + entry_path()
    lines = [
        f"  応募ページ          {entry_url}",
        f"  マイページ          {settings.PUBLIC_URL}{reverse('portal:my_page')}",
        f"  店頭引換            {settings.PUBLIC_URL}{reverse('portal:staff')}",
        f"                      {staff_login()}",
        f"  事務局 (管理画面)   {settings.PUBLIC_URL}{reverse('admin:index')}",
        f"                      {settings.DEMO_OPERATOR} / {settings.DEMO_PASSWORD}",
        f"  API ドキュメント    {settings.PUBLIC_URL}{reverse('api-docs')}",
        f"  送信メール (見本)   {settings.PUBLIC_URL}{reverse('portal:mailbox')}",
    ]
    code = qrcode.QRCode(border=2)
    code.add_data(entry_url)
    drawing = io.StringIO()
    code.print_ascii(out=drawing, invert=True)
    return "\n".join(["", *lines, "", drawing.getvalue()])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    migrate()
    load_demo()
    print(card())
