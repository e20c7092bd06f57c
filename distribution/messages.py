"""Messages to people: one template of words a kind, shown as text, HTML and LINE alike.

A template holds named blocks (subject, heading, lead, facts, button, notes) in the language of the campaign's
audience. Whoever writes words writes them once; the layouts put them into their places. What operators typed comes in
as values only, never as template source (T15).
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.template.loader_tags import BlockNode

from core.colours import READABLE, contrast, is_hex_colour
from core.japanese import format_deadline, format_yen
from distribution.channels.base import OutgoingMessage
from distribution.channels.flex import gift_card, text_message
from distribution.message_contexts import AwardContext, MessageContext
from distribution.models import DeliveryKind

DEFAULT_ACCENT = "#B3202A"  # mizuhiki red
SUBJECT_LENGTH = 40
NAME_AND_VALUE = "："


@dataclass(frozen=True, kw_only=True)
class MessageWords:
    """The words of one message, without any layout."""

    subject: str
    heading: str
    lead: list[str]
    facts: list[tuple[str, str]]
    button: str
    notes: list[str]


def render_message(context: MessageContext, *, to: str) -> OutgoingMessage:
    """Write one message for every channel at once.

    `to` is the mail address or LINE user id, as the channel that will send it needs.

    Raises:
        ValueError: its link is not one.
    """
    if not context.link.startswith(("https://", "http://")):
        raise ValueError("a message needs a link that opens in a browser")
    words = _words(context)
    campaign = context.campaign
    layout = {
        "words": words,
        "link": context.link,
        "campaign": _plain_values(campaign),
        "accent_colour": _readable_accent(campaign.accent_colour),
        "is_award": context.kind == DeliveryKind.AWARD,
        "genuine_url": f"{settings.PUBLIC_URL}/genuine/",
    }
    return OutgoingMessage(
        to=to,
        subject=words.subject,
        text=render_to_string("distribution/layout.txt", layout),
        html=render_to_string("distribution/layout.html", layout),
        line_messages=[_line_message(context, words, layout)],
        sender_name=_one_line(campaign.sponsor_name),
        reply_to=campaign.reply_to,
    )


def _words(context: MessageContext) -> MessageWords:
    """Render each block of the kind's template by itself, as plain text."""
    template: Any = get_template(f"distribution/{context.kind}.txt")
    values = Context(_plain_values(context), autoescape=False)
    with values.bind_template(template.template):
        blocks = {
            node.name: node.render(values).strip() for node in template.template.nodelist.get_nodes_by_type(BlockNode)
        }
    lines = {name: [line.strip() for line in text.splitlines() if line.strip()] for name, text in blocks.items()}
    return MessageWords(
        subject=_shortened(_one_line(blocks["subject"])),
        heading=_one_line(blocks["heading"]),
        lead=lines["lead"],
        facts=_facts(lines["facts"]),
        button=_one_line(blocks["button"]),
        notes=lines["notes"],
    )


def _facts(lines: list[str]) -> list[tuple[str, str]]:
    """Take lines of "name：value" apart."""
    return [(name, value) for name, _, value in (line.partition(NAME_AND_VALUE) for line in lines)]


def _plain_values(context: Any) -> dict[str, Any]:
    """Give a context's facts as texts of one line each, dates and money written out."""
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    return {name: _written_out(name, value) for name, value in values.items()}


def _written_out(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return format_deadline(value)
    if isinstance(value, int) and name.endswith("_jpy"):
        return format_yen(value)
    if isinstance(value, str):
        return _one_line(value)
    if isinstance(value, tuple):
        return [_one_line(item) for item in value]
    return _plain_values(value) if hasattr(value, "__dataclass_fields__") else value


def _line_message(context: MessageContext, words: MessageWords, layout: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(context, AwardContext):
        return text_message(render_to_string("distribution/layout_line.txt", layout).strip())
    return gift_card(
        alt_text=words.subject,
        heading=words.heading,
        title=_one_line(f"{context.brand} {'' if context.asks_address else format_yen(context.value_jpy)}"),
        lead="\n".join(words.lead),
        facts=words.facts + _facts(render_to_string("distribution/sponsor.txt", layout).splitlines()),
        notes=[*words.notes, render_to_string("distribution/genuine.txt", layout).strip()],
        button_label=words.button,
        button_uri=context.link,
        accent_colour=layout["accent_colour"],
        image_url=context.image_url if context.image_url.startswith("https://") else "",
    )


def _readable_accent(colour: str) -> str:
    """Keep the campaign's colour where white words can be read on it."""
    return colour if is_hex_colour(colour) and contrast(colour, "#FFFFFF") >= READABLE else DEFAULT_ACCENT


def _shortened(subject: str) -> str:
    return subject if len(subject) <= SUBJECT_LENGTH else subject[: SUBJECT_LENGTH - 1] + "…"


def _one_line(text: str) -> str:
    """Fold white space: a line break in a name must not begin a new fact, header or paragraph."""
    return " ".join(text.split())
