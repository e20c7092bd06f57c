"""Fixtures of the outside world; a test that ends with a broken contract fails."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.contracts.line_server import LineServer
from tests.contracts.smtp_sink import SmtpSink
from tests.contracts.supplier_server import SupplierServer
from tests.contracts.x_server import XServer


@pytest.fixture
def line_server(settings: Settings) -> Iterator[LineServer]:
    """A fresh LINE, to which the settings point."""
    with LineServer() as server:
        settings.LINE_API_BASE = settings.LINE_LOGIN_BASE = server.url
        settings.LINE_CHANNEL_ACCESS_TOKEN = server.access_token
        settings.LINE_CHANNEL_SECRET = settings.LINE_LOGIN_CHANNEL_SECRET = server.channel_secret
        settings.LINE_LOGIN_CHANNEL_ID = server.channel_id
        yield server
    assert server.violations == []


@pytest.fixture
def x_server(settings: Settings) -> Iterator[XServer]:
    """A fresh X, to which the settings point."""
    with XServer() as server:
        settings.X_API_BASE = settings.X_AUTHORIZE_BASE = server.url
        settings.X_CLIENT_ID, settings.X_CLIENT_SECRET = server.client_id, server.client_secret
        yield server
    assert server.violations == []


@pytest.fixture
def smtp_sink(settings: Settings) -> Iterator[SmtpSink]:
    """A fresh mail server, to which the settings point."""
    with SmtpSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.EMAIL_TIMEOUT = 2
        yield sink


@pytest.fixture
def supplier_server(settings: Settings) -> Iterator[SupplierServer]:
    """A fresh Amazon that makes gift cards, to which the settings point."""
    with SupplierServer() as server:
        settings.SUPPLIER_AMAZON_BASE_URL = server.url
        settings.SUPPLIER_AMAZON_PARTNER_ID = server.partner_id
        settings.SUPPLIER_AMAZON_ACCESS_KEY_ID = server.access_key_id
        settings.SUPPLIER_AMAZON_SECRET_ACCESS_KEY = server.secret_access_key
        settings.SUPPLIER_AMAZON_TIMEOUT_SECONDS = 0.4
        yield server
    assert server.violations == []
