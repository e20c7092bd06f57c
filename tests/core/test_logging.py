"""What Django logs of an address holds no token (T23)."""

import logging

import pytest

from core.logging import MaskSecretPaths


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/g/abcdefghijklmnopqrstuvwxyz/qr/", "/g/…/qr/"),
        ("/verify/eyJ0:1abc/", "/verify/…/"),
        ("/resume/eyJ0:1abc/", "/resume/…/"),
        ("/admin/codes/giftcode/7/", "/admin/codes/giftcode/7/"),
    ],
)
def test_T23_a_logged_address_shows_no_token(path, shown):
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "%s: %s", ("Gone", path), None)
    plain = logging.LogRecord("x", logging.ERROR, "", 1, f"Gone: {path}", None, None)

    assert MaskSecretPaths().filter(record)
    assert MaskSecretPaths().filter(plain)
    assert record.getMessage() == plain.getMessage() == f"Gone: {shown}"
