"""A campaign's look as CSS variables: the sponsor's accent, made dark enough to be read on paper."""

PAPER = (0xFD, 0xFC, 0xF9)
NEEDED_CONTRAST = 4.5


def theme_css(accent: str) -> str:
    """Give the style sheet of a theme; `accent` is `#` and six hexadecimal digits."""
    return f":root {{ --accent: {readable(accent)}; }}\n"


def readable(accent: str) -> str:
    """Darken a colour in small steps until text in it, and white text on it, can be read by everybody."""
    colour = tuple(int(accent[i : i + 2], 16) for i in (1, 3, 5))
    while contrast(colour, PAPER) < NEEDED_CONTRAST:
        colour = tuple(max(0, channel * 15 // 16) for channel in colour)
    return "#" + "".join(f"{channel:02x}" for channel in colour)


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Give the contrast ratio of WCAG 2 between two colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: tuple[int, ...]) -> float:
    shares = [channel / 255 for channel in colour]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
