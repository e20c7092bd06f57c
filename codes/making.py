"""The texts of our own codes, thousands at once from one draw of the system's secure source."""

import os

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from codes.errors import FormatNotAvailable
from codes.models import CodeFormat
from core.random_codes import ALPHABET

SYMBOLS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
CHECKED = 31  # ISO 7064 over the thirty symbols and one that is never printed
BODY = 15
WEIGHTS = np.array([pow(2, BODY - 1 - place, CHECKED) for place in range(BODY)], dtype=np.int64)
RANDOM_DIGITS, JAN_DIGITS = 17, 10
JAN_WEIGHTS = np.array([1, 3] * 6, dtype=np.int64)


def make_texts(code_format: str, count: int) -> list[str]:
    """Make `count` texts that may rarely repeat; what is stored already is refused by the database.

    Raises:
        FormatNotAvailable: the installation has no number range for this form.
    """
    if code_format == CodeFormat.TYPED:
        return _typed(count)
    if code_format == CodeFormat.DIGITS:
        return _digits(_prefix(settings.CODE_DIGITS_PREFIX), count)
    return _jan(_prefix(settings.CODE_JAN_PREFIX), count)


def _typed(count: int) -> list[str]:
    texts: list[str] = []
    while len(texts) < count:
        wanted = count - len(texts)
        body = _uniform(len(ALPHABET), wanted + wanted // 16 + 8, BODY)
        check = (1 - 2 * (body.astype(np.int64) @ WEIGHTS)) % CHECKED
        usable = check < len(ALPHABET)
        numbers = np.column_stack([body[usable], check[usable].astype(np.uint8)])
        texts += _split(SYMBOLS[numbers])
    return texts[:count]


def _digits(prefix: str, count: int) -> list[str]:
    return [prefix + text for text in _split(_uniform(10, count, RANDOM_DIGITS) + ord("0"))]


def _jan(prefix: str, count: int) -> list[str]:
    front = np.tile(np.array([int(digit) for digit in prefix], dtype=np.uint8), (count, 1))
    body = np.hstack([front, _uniform(10, count, JAN_DIGITS)])
    check = (-(body.astype(np.int64) @ JAN_WEIGHTS)) % 10
    return _split(np.column_stack([body, check.astype(np.uint8)]) + ord("0"))


def _uniform(base: int, count: int, width: int) -> NDArray[np.uint8]:
    """Draw numbers below `base`, each equally likely: larger bytes are thrown away, for they would favour some."""
    usable = 256 - 256 % base
    need = count * width
    drawn = np.empty(0, dtype=np.uint8)
    while len(drawn) < need:
        more = np.frombuffer(os.urandom((need - len(drawn)) * 9 // 8 + 64), dtype=np.uint8)
        drawn = np.concatenate([drawn, more[more < usable] % base])
    return drawn[:need].reshape(count, width)


def _split(rows: NDArray[np.uint8]) -> list[str]:
    width = rows.shape[1]
    text = rows.astype(np.uint8).tobytes().decode("ascii")
    return [text[start : start + width] for start in range(0, len(text), width)]


def _prefix(digits: str) -> str:
    if not digits:
        raise FormatNotAvailable
    return digits
