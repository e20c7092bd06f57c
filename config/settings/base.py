"""Settings that every installation shares; secrets and addresses come from the environment."""

import secrets
from pathlib import Path

import environ
import structlog
from csp.constants import NONE, SELF

from core.logging import drop_unknown

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("MIZUHIKI_DATA_DIR", default=str(BASE_DIR / "var")))
DEBUG = False
DEMO_OPERATOR = DEMO_PASSWORD = ""
SANDBOX = False  # demo data, sandbox mailbox and demo login; never in production
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000")  # what links in messages begin with

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_celery_beat",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "anymail",
    "accounts",
    "campaigns",
    "participants",
    "receipts",
    "eligibility",
    "draws",
    "codes",
    "distribution",
    "journeys",
    "analytics",
    "api",
    "portal",
]
MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # safe beside CSRF tokens: Django masks them anew in each page
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # nobody can lock everybody out
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_I18N = True
DATABASE_CLOCK = False  # True where several hosts share one PostgreSQL
AGENCY_WALL = env.bool("AGENCY_WALL", default=True)  # False behind a pooler that shares sessions out by transaction

STATIC_URL = "static/"
STATIC_ROOT: Path | None = DATA_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 5
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
CODE_DIGITS_PREFIX = env.str("CODE_DIGITS_PREFIX", default="9999000")  # 7 digits before the 17 random ones
CODE_JAN_PREFIX = env.str("CODE_JAN_PREFIX", default="")  # 2 digits, 20-29; empty: no codes of 13 digits are made
PHOTO_MAX_BYTES = 10 * 1024 * 1024
PHOTOS_PER_RECEIPT = 4
RECEIPT_TRIES_PER_ENTRY = 12  # photographs anew after a refusal; enough for every honest retake
RECEIPT_READER = env.str("RECEIPT_READER", default="receipts.ocr.rapidocr.RapidOcrReader")

SESSION_COOKIE_AGE = 28_800
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

ANYMAIL = {"WEBHOOK_SECRET": env.str("ANYMAIL_WEBHOOK_SECRET", default=f"off:{secrets.token_urlsafe()}")}
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="キャンペーン事務局 <no-reply@mizuhiki.example>")
LINE_API_BASE = env.str("LINE_API_BASE", default="https://api.line.me")
LINE_LOGIN_BASE = env.str("LINE_LOGIN_BASE", default="https://access.line.me")
LINE_CHANNEL_ACCESS_TOKEN = env.str("LINE_CHANNEL_ACCESS_TOKEN", default="")
LINE_CHANNEL_SECRET = env.str("LINE_CHANNEL_SECRET", default="")
LINE_LOGIN_CHANNEL_ID = env.str("LINE_LOGIN_CHANNEL_ID", default="")
LINE_LOGIN_CHANNEL_SECRET = env.str("LINE_LOGIN_CHANNEL_SECRET", default="")
X_API_BASE = env.str("X_API_BASE", default="https://api.x.com")
X_AUTHORIZE_BASE = env.str("X_AUTHORIZE_BASE", default="https://x.com")
X_CLIENT_ID = env.str("X_CLIENT_ID", default="")
X_CLIENT_SECRET = env.str("X_CLIENT_SECRET", default="")
SUPPLIER_AMAZON_BASE_URL = env.str("SUPPLIER_AMAZON_BASE_URL", default="https://agcod-v2-fe.amazon.com")
SUPPLIER_AMAZON_REGION = env.str("SUPPLIER_AMAZON_REGION", default="us-west-2")
SUPPLIER_AMAZON_PARTNER_ID = env.str("SUPPLIER_AMAZON_PARTNER_ID", default="")
SUPPLIER_AMAZON_ACCESS_KEY_ID = env.str("SUPPLIER_AMAZON_ACCESS_KEY_ID", default="")
SUPPLIER_AMAZON_SECRET_ACCESS_KEY = env.str("SUPPLIER_AMAZON_SECRET_ACCESS_KEY", default="")
SUPPLIER_AMAZON_TIMEOUT_SECONDS = env.float("SUPPLIER_AMAZON_TIMEOUT_SECONDS", default=6.0)  # what Amazon advises

# Where awards and uses are written down outside of the database: folder:PATH or s3://bucket/prefix?days=2555
JOURNAL = env.str("JOURNAL", default=f"folder:{DATA_DIR / 'journal'}")
JOURNAL_REGION = env.str("S3_REGION", default="ap-northeast-1")
REVEALS_A_DAY = env.int("REVEALS_A_DAY", default=20)  # codes that one person at the desk may be shown
PRESENTED_BARCODE = env.str("PRESENTED_BARCODE", default="code128")  # or nw7, jan13, gs1_128: what tills read
PRESENTED_NUMBER_PREFIX = env.str("PRESENTED_NUMBER_PREFIX", default="2900001")  # first of 24 digits; tills route by it
PRESENTED_JAN_PREFIX = env.str("PRESENTED_JAN_PREFIX", default="29")  # in-store prefix: 02 or 20 to 29
PRESENTED_KEY_ID = env.int(
    "PRESENTED_KEY_ID", default=0
)  # one higher: tokens under a new key, the one before still read

TASKS_ON_COMMIT = True  # False: only the sweep finds work
LEASE_SECONDS = 90  # a worker silent for longer is taken for dead
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 90  # a receipt of four photographs on a busy host
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "Asia/Tokyo"
CELERY_BEAT_SCHEDULE = {
    "campaigns-by-the-clock": {
        "task": "campaigns.tasks.follow_clock",
        "schedule": 30.0,
    },
    "entries-left-behind": {"task": "journeys.tasks.sweep_entries", "schedule": 10.0},
    "receipts-left-behind": {"task": "receipts.tasks.sweep_receipts", "schedule": 10.0},
    "photos-past-retention": {"task": "receipts.tasks.purge_photos", "schedule": 3600.0},
    "photos-named-nowhere": {"task": "receipts.tasks.delete_orphans", "schedule": 86_400.0},
    "deliveries-due": {"task": "distribution.tasks.sweep_deliveries", "schedule": 10.0},
    "everything-adds-up": {"task": "journeys.tasks.audit_invariants", "schedule": 3600.0},
    "journal-lines-left-behind": {"task": "codes.tasks.write_journal", "schedule": 10.0},
    "keys-that-seal-nothing": {"task": "codes.tasks.destroy_emptied_keys", "schedule": 3600.0},
    "cards-to-be-made": {"task": "codes.tasks.sweep_cards", "schedule": 10.0},
    "cards-not-asked-for": {"task": "codes.tasks.order_missed_cards", "schedule": 300.0},
    "codes-past-their-day": {"task": "codes.tasks.expire_codes", "schedule": 300.0},
    "store-days-settled": {"task": "codes.tasks.settle_days", "schedule": 300.0},
    "accounts-of-ended-codes": {"task": "codes.tasks.close_accounts", "schedule": 3600.0},
    "reservations-past-their-time": {"task": "codes.tasks.expire_reservations", "schedule": 30.0},
    "stock-that-runs-out": {"task": "codes.tasks.watch_stock", "schedule": 300.0},
    "codes-being-worked-on": {"task": "codes.tasks.sweep_jobs", "schedule": 10.0},
    "held-files-whose-day-is-over": {"task": "codes.tasks.drop_old_files", "schedule": 600.0},
    "files-checked-without-a-problem": {"task": "codes.tasks.import_checked_files", "schedule": 10.0},
    "numbers-out-of-use": {"task": "codes.tasks.forget_shown_numbers", "schedule": 3600.0},
    "tries-whose-window-is-over": {"task": "eligibility.tasks.forget_attempts", "schedule": 3600.0},
    "prizes-not-opened-yet": {"task": "distribution.tasks.remind_of_claims", "schedule": 600.0},
    "people-who-belong-together": {"task": "journeys.tasks.sweep_rings", "schedule": 300.0},
    "addresses-kept-long-enough": {"task": "codes.tasks.purge_addresses", "schedule": 3600.0},
    "traces-kept-long-enough": {"task": "participants.tasks.forget_traces", "schedule": 86_400.0},
    "answers-kept-long-enough": {"task": "api.tasks.forget_answers", "schedule": 86_400.0},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"key": "600/min"},
    "DEFAULT_SCHEMA_CLASS": "api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "api.errors.problem_handler",
    "STRICT_JSON": True,
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),  # how many in front of us add to X-Forwarded-For
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mizuhiki API",
    "DESCRIPTION": "Digital gift-code campaigns: campaigns, entries, codes, redemptions, reports.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["api.schema.tidy"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "validatorUrl": None},
}

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        drop_unknown,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ],
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"secret_paths": {"()": "core.logging.MaskSecretPaths"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["secret_paths"]}},
    "loggers": {name: {"filters": ["secret_paths"]} for name in ("django.request", "django.security.csrf")},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

from config.settings.admin import *  # noqa: E402
