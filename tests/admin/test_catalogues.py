"""Every text of the Python apps has its Japanese, and the compiled catalogues are those of the sources."""

import gettext
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWNERS = [
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
    "config",
]
ENTRY = re.compile(r'^msgid ((?:".*"\n)+)(?:msgid_plural (?:".*"\n)+)?msgstr(?:\[0\])? ((?:".*"\n?)+)', re.MULTILINE)


def texts(block: str) -> str:
    return "".join(re.findall(r'"(.*)"', block))


@pytest.mark.parametrize("owner", OWNERS)
def test_a_catalogue_is_complete_and_compiled(owner):
    folder = ROOT / owner / "locale" / "ja" / "LC_MESSAGES"
    source = (folder / "django.po").read_text()
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog

    entries = [(texts(msgid), texts(msgstr)) for msgid, msgstr in ENTRY.findall(source) if texts(msgid)]
    assert entries
    assert "#, fuzzy" not in source
    assert [msgid for msgid, msgstr in entries if not msgstr] == []
    assert len(entries) == len([key for key in compiled if key])
