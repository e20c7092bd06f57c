"""Production's database settings."""

import os
import subprocess
import sys

SECRETS = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "DATABASE_URL": "postgres://app:x@db.example/app?sslmode=require",
    **dict.fromkeys(
        ["DJANGO_SECRET_KEY", "ENCRYPTION_KEY_ID", "INDEX_KEY", "JOURNAL", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"], "x"
    ),
    **dict.fromkeys(["PUBLIC_URL", "CACHE_URL", "BROKER_URL", "S3_BUCKET", "ANYMAIL_WEBHOOK_SECRET"], "x:y"),
    "ENCRYPTION_KEYS": "a=b",
}


def test_what_the_database_address_asks_for_is_kept_beside_our_own_options():
    script = "from django.conf import settings as s; o = s.DATABASES['default']['OPTIONS']; print(o['sslmode'], *o)"

    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | SECRETS, check=True, capture_output=True, text=True
    )

    said = done.stdout.split()
    assert said[0] == "require"
    assert {"options", "isolation_level", "server_side_binding"} <= set(said)


def test_behind_a_pooler_nothing_is_asked_of_a_session_that_outlives_a_transaction():
    script = (
        "from django.conf import settings as s; d = s.DATABASES['default']; o = d['OPTIONS'];"
        "print([s.AGENCY_WALL, d['DISABLE_SERVER_SIDE_CURSORS'], o['prepare_threshold'], bool(o['options'])])"
    )
    told = {}
    for pooled in ("true", "false"):
        environment = os.environ | SECRETS | {"DATABASE_POOLED": pooled}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
        )
        told[pooled] = done.stdout.strip()

    assert told == {"true": "[False, True, None, False]", "false": "[True, False, 2, True]"}
