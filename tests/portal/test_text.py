"""Colours, dates, money, codes, calendars, networks: the small things that pages are made of; and their catalogue."""

import re
from ast import literal_eval
from datetime import UTC, date, datetime, timedelta
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.utils.translation import override

import portal
from portal.attempts import client_network
from portal.calendar import all_day_event
from portal.templatetags.portal_text import fours, jst, jst_date, jst_until, yen
from portal.theme import NEEDED_CONTRAST, PAPER, contrast, readable

CATALOGUE = Path(portal.__file__).parent / "locale" / "ja" / "LC_MESSAGES" / "django.po"


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def test_the_contrast_of_black_and_white_is_that_of_the_standard():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


@pytest.mark.parametrize("colour", ["#b3263a", "#000000", "#00563f"])
def test_a_colour_that_can_be_read_is_kept(colour):
    assert readable(colour) == colour


@pytest.mark.parametrize("colour", ["#ffffff", "#ffe600", "#00ff00", "#ff69b4", "#7fdbff"])
def test_any_colour_of_an_operator_can_be_read_in_the_end(colour):
    found = rgb(readable(colour))

    assert contrast(found, PAPER) >= NEEDED_CONTRAST
    assert contrast(found, (255, 255, 255)) >= NEEDED_CONTRAST


def test_instants_are_shown_in_japanese_time():
    assert jst(datetime(2026, 11, 22, 14, 59, tzinfo=UTC)) == "2026年11月22日(日) 23:59"
    assert jst(None) == ""


def test_I17_an_exclusive_end_is_shown_as_its_last_minute():
    assert jst_until(datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) == "2026年11月22日(日) 23:59"


def test_days_and_money_are_shown_as_people_read_them():
    assert jst_date(date(2026, 3, 1)) == "2026年3月1日(日)"
    assert (yen(1500), yen(0), yen(None)) == ("1,500円", "0円", "")


def test_pages_read_in_english_where_that_is_asked_for():
    with override("en"):
        assert jst_date(date(2026, 3, 1)) == "2026-03-01 (Sun)"
        assert yen(1500) == "1,500 yen"


@pytest.mark.parametrize(
    ("code", "shown"),
    [("ABCDEFGH2345", "ABCD EFGH 2345"), ("ABCDE", "ABCD E"), ("AB-CDE-F", "AB-CDE-F"), ("", "")],
)
def test_codes_are_grouped_by_four_unless_they_bring_groups(code, shown):
    assert fours(code) == shown


def test_a_calendar_entry_escapes_and_folds_without_cutting_a_character():
    event = all_day_event(
        uid="u",
        day=date(2027, 5, 21),
        title="券;当たり,\n" + "水引" * 40,
        url="https://campaign.example/g/x/",
        stamp=datetime(2026, 11, 22, tzinfo=UTC),
    )

    assert "DTSTAMP:20261122T000000Z\r\n" in event
    assert "券\\;当たり\\,\\n水引" in event
    assert all(len(line.encode()) <= 75 for line in event.split("\r\n"))
    assert "水引" * 40 in event.replace("\r\n ", "")


@pytest.mark.parametrize(
    ("address", "forwarded", "proxies", "network"),
    [
        ("203.0.113.77", "", 0, "203.0.113.0/24"),
        ("2001:db8:1:2:3::9", "", 0, "2001:db8:1:2::/64"),
        ("203.0.113.77", "198.51.100.1", 0, "203.0.113.0/24"),  # nobody asked that header
        ("10.0.0.1", "192.0.2.9, 198.51.100.1", 1, "198.51.100.0/24"),
        ("", "", 0, "unknown"),
    ],
)
def test_a_network_is_the_one_that_the_last_trusted_proxy_saw(rf, settings, address, forwarded, proxies, network):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = rf.get("/", REMOTE_ADDR=address, headers=headers)

    assert client_network(request) == network


def test_every_sentence_of_the_pages_is_in_japanese():
    entries = CATALOGUE.read_text(encoding="utf-8").split("\n\n")[1:]
    untranslated = [entry for entry in entries if re.search(r'msgstr(\[0\])? ""\s*\Z', entry)]

    assert untranslated == []
    assert "fuzzy" not in CATALOGUE.read_text(encoding="utf-8")
    assert len(entries) > 250


def test_every_sentence_in_the_templates_is_in_the_catalogue():
    catalogue = CATALOGUE.read_text(encoding="utf-8")
    known = set(re.findall(r'^msgid "(.+)"$', catalogue, flags=re.MULTILINE))
    known |= {"".join(re.findall(r'"(.*)"', block)) for block in re.findall(r'msgid ((?:".*"\n)+)', catalogue)}
    templates = (Path(portal.__file__).parent / "templates").rglob("*.html")
    used = {
        found[1]
        for template in templates
        for found in re.findall(r"""{% translate (["'])(.+?)\1""", template.read_text(encoding="utf-8"))
    }

    assert {sentence for sentence in used if sentence not in known} == set()


def source_texts() -> dict[str | tuple[str, int], str]:
    """The source as Python's gettext holds a compiled catalogue: contexts before a \\x04, plurals by their number."""
    found: dict[str | tuple[str, int], str] = {}
    for entry in CATALOGUE.read_text(encoding="utf-8").split("\n\n")[1:]:
        parts = {
            name: "".join(literal_eval(line) for line in lines.splitlines())
            for name, lines in re.findall(r'^(msg[a-z_]+(?:\[\d\])?) ((?:".*"(?:\n|\Z))+)', entry, flags=re.MULTILINE)
        }
        text = "\x04".join(parts[name] for name in ("msgctxt", "msgid") if name in parts)
        found |= {(text, int(name[7:-1])): parts[name] for name in parts if name.startswith("msgstr[")}
        if "msgstr" in parts:
            found[text] = parts["msgstr"]
    return found


def test_the_compiled_catalogue_is_that_of_the_source():
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {text: japanese for text, japanese in GNUTranslations(file)._catalog.items() if text}

    assert compiled == source_texts()


def test_an_end_at_noon_is_shown_as_the_minute_before():
    noon = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

    assert jst_until(noon) == "2026年11月22日(日) 11:59"
    assert jst_until(noon + timedelta(seconds=1)) == "2026年11月22日(日) 12:00"
