"""Tests: the database that `tests/services.py` starts, keys that are nobody's, no broker."""

import tempfile
from pathlib import Path

from config.settings.base import *
from config.settings.base import env

SECRET_KEY = "test-only"
ENCRYPTION_KEY_ID = "test1"
ENCRYPTION_KEYS = {"test1": "dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="}
INDEX_KEY = "aW5kZXhpbmRleGluZGV4aW5kZXhpbmRleGluZGV4aW4="
INDEX_KEYS = {"0": INDEX_KEY}
INDEX_KEY_ID = "0"
ALLOWED_HOSTS = ["*"]
SANDBOX = True
DEMO_OPERATOR, DEMO_PASSWORD = "operator", "demo-password"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # a file is looked for when it is asked for, not all of them by each test's client
DATA_DIR = Path(tempfile.mkdtemp(prefix="mizuhiki-test-"))
JOURNAL = f"folder:{DATA_DIR / 'journal'}"
MAILBOX_DIR = DATA_DIR / "mailbox"
SANDBOX_SMTP_PORT = 0
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

DATABASES = {"default": env.db("TEST_DATABASE_URL", default="sqlite:///:memory:")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # a file: threads of a test share it
else:
    DATABASES["default"]["TEST"] = {"TEMPLATE": env.str("TEST_DATABASE_TEMPLATE", default=None)}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed only; production uses Argon2
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
TASKS_ON_COMMIT = False
AXES_ENABLED = False
