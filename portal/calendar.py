"""Calendar entries (RFC 5545) small enough to be written by hand: one day, one reminder."""

from datetime import UTC, date, datetime, timedelta

LINE_BYTES = 73  # of 75, with room for the fold's own blank


def all_day_event(*, uid: str, day: date, title: str, url: str, stamp: datetime) -> str:
    """Give a calendar with one whole-day event and a reminder three days before."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Mizuhiki//JA",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(title)}",
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(title)}",
        "TRIGGER:-P3D",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_fold(line) + "\r\n" for line in lines)


def _text(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, "\\" + mark)
    return text.replace("\r", "").replace("\n", "\\n")


def _fold(line: str) -> str:
    """Break a line so that no part is longer than 75 bytes and no character is cut."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > LINE_BYTES:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
