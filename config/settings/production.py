"""Production: PostgreSQL, Redis, S3, SES; every secret from the environment, none with a default."""

from django.db.backends.postgresql.psycopg_any import IsolationLevel

from config.settings.base import *
from config.settings.base import env

SECRET_KEY = env.str("DJANGO_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])
ENCRYPTION_KEY_ID = env.str("ENCRYPTION_KEY_ID")
ENCRYPTION_KEYS = env.dict("ENCRYPTION_KEYS")  # id=base64 of 32 bytes, comma-separated; old ids stay until re-encrypted
# id=base64 of 32 bytes, the oldest first, two while one replaces the other; never stored beside the data. INDEX_KEY is
# the one with the id 0, and CODE_INDEX_KEYS names what was once changed for codes alone.
INDEX_KEYS = env.dict("INDEX_KEYS", default={}) or {
    "0": env.str("INDEX_KEY"),
    **env.dict("CODE_INDEX_KEYS", default={}),
}
INDEX_KEY_ID = env.str("INDEX_KEY_ID", default="") or env.str("CODE_INDEX_KEY_ID", default="0")  # for what is new
JOURNAL = env.str("JOURNAL")  # never on the database's own disk
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.str("PUBLIC_URL")

DATABASES = {"default": env.db("DATABASE_URL")}
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)  # by transaction: going-to-production.md
AGENCY_WALL = env.bool("AGENCY_WALL", default=not DATABASE_POOLED)
TIME_LIMITS = "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000"
DATABASES["default"] |= {
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLED,
    "OPTIONS": DATABASES["default"].get("OPTIONS", {})  # what the address says, such as sslmode
    | {
        "isolation_level": IsolationLevel.READ_COMMITTED,
        "server_side_binding": True,
        # Plans are kept by the session, and so are time limits: a session that is shared out can keep neither.
        "prepare_threshold": None if DATABASE_POOLED else 2,
        "options": "" if DATABASE_POOLED else TIME_LIMITS,
    },
}
DATABASE_CLOCK = True
CACHES = {
    "default": {
        "BACKEND": "core.clients.redis_cache.RedisCache",
        "LOCATION": env.str("CACHE_URL"),
    }
}

CELERY_BROKER_URL = env.str("BROKER_URL")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,  # seconds; well above CELERY_TASK_TIME_LIMIT
    "socket_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "retry_on_timeout": True,
}
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500

STORAGES = {
    "default": {
        "BACKEND": "core.clients.s3_storage.BoundedS3Storage",
        "OPTIONS": {
            "bucket_name": env.str("S3_BUCKET"),
            "region_name": env.str("S3_REGION", default="ap-northeast-1"),
            "default_acl": None,
            "querystring_auth": True,
            "file_overwrite": False,
        },
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
EMAIL_BACKEND = "anymail.backends.amazon_ses.EmailBackend"
ANYMAIL = {
    "AMAZON_SES_CLIENT_PARAMS": {
        "region_name": env.str("SES_REGION", default="ap-northeast-1"),
        # One attempt: a SendEmail whose answer was lost must not be sent again behind our back.
        "config": {
            "retries": {"total_max_attempts": 1},
            "connect_timeout": 3,
            "read_timeout": 10,
        },
    },
    "WEBHOOK_SECRET": env.str("ANYMAIL_WEBHOOK_SECRET"),
}

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sid"
CSRF_COOKIE_NAME = "__Host-csrf"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
