"""Load four campaigns that show the mechanics, with stock, stores, lists and people who work with them."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import clock
from journeys.demo_data import load_demo


class Command(BaseCommand):
    help = "Load the demo campaigns into an empty database (sandbox only)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo is for the sandbox only.")
        access = load_demo(now=clock.now())
        path = settings.DATA_DIR / "demo.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(access, ensure_ascii=False, indent=2))
        self.stdout.write(f"Demo loaded: {', '.join(access['campaigns'])}")
