"""The Celery app and its beat table; every entry only wakes work that the rows already hold."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("mizuhiki")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
