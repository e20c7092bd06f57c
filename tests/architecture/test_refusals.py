"""Every refusal can be told apart by a program and understood by a person."""

import importlib
from collections import Counter

from django.utils import translation

from core.errors import DomainError
from tests.architecture.source import APPS, ROOT, tracked_files

JAPANESE = range(0x3040, 0x9FFF)  # kana and kanji


def refusals() -> list[type[DomainError]]:
    """DomainError and all classes below it, wherever an app or core defines them."""
    for path in tracked_files():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if path.name == "errors.py" and parts[0] in (*APPS, "core"):
            importlib.import_module(".".join(parts))
    found, waiting = [], [DomainError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if not kind.__module__.startswith("tests")]


def test_every_refusal_has_a_code_of_its_own():
    codes = Counter(kind.code for kind in refusals())

    assert {code: count for code, count in codes.items() if count > 1 or not code} == {}


def test_codes_are_plain_words_that_will_not_change_with_a_class_name():
    assert [
        kind.code for kind in refusals() if not kind.code.replace("_", "").isalnum() or not kind.code.islower()
    ] == []


def test_every_refusal_speaks_japanese():
    with translation.override("ja"):
        foreign = {
            kind.__name__: str(kind.message)
            for kind in refusals()
            if not any(ord(letter) in JAPANESE for letter in str(kind.message))
        }

    assert foreign == {}
