"""Codes that people type: random, easy to tell apart, with a check character.

Thirty symbols without 0 O 1 I L U. The check is ISO 7064's pure system over 31, a prime, so that every single wrong
symbol and every swap of neighbours is caught; bodies whose check would be the 31st symbol are drawn anew.
"""

import secrets

from stdnum.iso7064 import mod_37_2

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET = ALPHABET + "*"  # the last one is never printed
_USABLE = 256 - 256 % len(ALPHABET)  # larger bytes would favour some symbols


def random_code(length: int = 16) -> str:
    """Make a code of `length` symbols, the last of which checks the others; 16 hold 73 random bits."""
    while True:
        body = random_symbols(length - 1)
        check = mod_37_2.calc_check_digit(body, CHECK_ALPHABET)
        if check in ALPHABET:
            return f"{body}{check}"


def random_symbols(length: int) -> str:
    """Draw symbols from the system's secure source, each equally likely."""
    drawn: list[str] = []
    while len(drawn) < length:
        drawn += [ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(length * 2) if byte < _USABLE]
    return "".join(drawn[:length])


def has_valid_check(code: str) -> bool:
    """Tell whether the last symbol of a canonical code fits the others."""
    return len(code) > 1 and set(code) <= set(ALPHABET) and bool(mod_37_2.is_valid(code, CHECK_ALPHABET))
