"""`./run drill crash`: production, except that mail goes to a port of this machine and nothing speaks TLS."""

from config.settings.production import *
from config.settings.production import DATA_DIR, REST_FRAMEWORK, env

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = env.int("DRILL_MAIL_PORT")
EMAIL_TIMEOUT = 5
LEASE_SECONDS = 15  # production's 90 would only make the drill wait; still longer than any mail takes

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
REST_FRAMEWORK = REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {"key": "100000/min"}}  # one key does the work of many

SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME = "sid"
CSRF_COOKIE_NAME = "csrf"
