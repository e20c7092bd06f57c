"""`./run serve`: SQLite, a broker of files, the sandbox mailbox; keys are made at the first start."""

import base64
import contextlib
import json
import os
import secrets

from config.settings.base import *
from config.settings.base import CONTENT_SECURITY_POLICY, DATA_DIR, env  # noqa: F401


def _local_keys() -> dict[str, str]:
    """Read this machine's keys, or make them: a clone never shares a secret with another."""
    path = DATA_DIR / "keys.json"
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("django", "encryption", "index")}
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(fresh))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # the first process wins; a second one reads the winner's keys
        draft.unlink()
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


_keys = _local_keys()
DEBUG = env.bool("DEBUG", default=False)
SANDBOX = True
DEMO_OPERATOR, DEMO_PASSWORD = "operator", "mizuhiki-demo"  # this machine's admin only; never in production
SECRET_KEY = _keys["django"]
ENCRYPTION_KEY_ID = "local1"
ENCRYPTION_KEYS = {"local1": _keys["encryption"]}
INDEX_KEYS = {"0": _keys["index"]}
INDEX_KEY_ID = "0"
ALLOWED_HOSTS = ["*"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "mizuhiki.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",  # SQLite drops row locks silently; this is what makes it safe
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

WHITENOISE_USE_FINDERS = True  # static files straight from the apps: nothing to collect
STATIC_ROOT = None

MAILBOX_DIR = DATA_DIR / "mailbox"
SANDBOX_SMTP_PORT = env.int("SANDBOX_SMTP_PORT", default=8025)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = SANDBOX_SMTP_PORT

_broker = DATA_DIR / "broker"
for _name in ("messages", "processed", "control"):
    (_broker / _name).mkdir(parents=True, exist_ok=True)
CELERY_BROKER_URL = "filesystem://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "data_folder_in": str(_broker / "messages"),
    "data_folder_out": str(_broker / "messages"),
    "processed_folder": str(_broker / "processed"),
    "control_folder": str(_broker / "control"),
    "polling_interval": 0.1,  # seconds; the transport's own 1 s allows two tasks a second
}
