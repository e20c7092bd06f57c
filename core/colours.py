"""Colours that operators choose: are they colours, and can words be read on them."""

import re

HEX_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
READABLE = 4.5  # contrast that WCAG AA asks for


def is_hex_colour(text: str) -> bool:
    """Tell whether a text is a colour like #B3202A and nothing besides."""
    return HEX_COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """Give the WCAG contrast of two hex colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
