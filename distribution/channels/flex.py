"""LINE Flex messages; readable with images off, since every fact is text."""

from typing import Any

ALT_TEXT_LENGTH = 400
INK, QUIET, GOLD = "#1F1B16", "#6B635A", "#8A6A1F"
MAIN_BUTTON_LABEL_LENGTH = 20

Part = dict[str, Any]


def text_message(text: str) -> Part:
    """Make a plain text message."""
    return {"type": "text", "text": text}


def gift_card(
    *,
    alt_text: str,
    heading: str,
    lead: str,
    title: str,
    facts: list[tuple[str, str]],
    notes: list[str],
    button_label: str,
    button_uri: str,
    accent_colour: str,
    image_url: str = "",
) -> Part:
    """Make one bubble: heading, what it is, facts in rows, notes in small, one button.

    The accent colour must be dark enough for the white words that LINE sets on a primary button; the image, if any,
    must be at an https address.
    """
    body = [
        _text(heading, size="sm", weight="bold", color=GOLD),
        _text(title, size="xl", weight="bold", color=INK, margin="sm"),
        _text(lead, size="sm", color=INK, margin="md"),
        {"type": "separator", "margin": "lg"},
        {"type": "box", "layout": "vertical", "margin": "lg", "spacing": "sm", "contents": [_row(*f) for f in facts]},
        *(_text(note, size="xs", color=QUIET, margin="lg") for note in notes),
    ]
    bubble: Part = {
        "type": "bubble",
        "size": "mega",
        "body": {"type": "box", "layout": "vertical", "contents": body},
        "footer": {"type": "box", "layout": "vertical", "contents": [_button(button_label, button_uri, accent_colour)]},
    }
    if image_url:
        bubble["hero"] = {
            "type": "image",
            "url": image_url,
            "size": "full",
            "aspectRatio": "20:13",
            "aspectMode": "cover",
        }
    return {"type": "flex", "altText": alt_text[:ALT_TEXT_LENGTH], "contents": bubble}


def _text(text: str, **style: Any) -> Part:
    return {"type": "text", "text": text, "wrap": True, **style}


def _row(name: str, value: str) -> Part:
    return {
        "type": "box",
        "layout": "baseline",
        "spacing": "sm",
        "contents": [
            _text(name, size="xs", color=QUIET, flex=3),
            _text(value, size="sm", color=INK, flex=7),
        ],
    }


def _button(label: str, uri: str, colour: str) -> Part:
    action = {"type": "uri", "label": label[:MAIN_BUTTON_LABEL_LENGTH], "uri": uri}
    return {"type": "button", "style": "primary", "color": colour, "action": action}
