"""QR codes as inline SVG for pages and PNG for files."""

import io
from itertools import groupby

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE = 4  # modules around a symbol that scanners need (ISO/IEC 18004)
# The standard has all eight masks tried, for texts that draw large plain areas; ours are random letters and digits,
# which every mask mixes, and the trying costs five times the rest.
MASK = 2


def qr_svg(text: str) -> str:
    """Draw a code or a token of ours as an SVG element, a millimetre a module."""
    rows = _make(text, mask=MASK).get_matrix()
    side = len(rows)
    path = "".join(_bars(row, y) for y, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}mm" height="{side}mm" viewBox="0 0 {side} {side}">'
        f'<path d="{path}" fill="#000" shape-rendering="crispEdges"/></svg>'
    )


def qr_png(text: str, *, box_pixels: int = 10) -> bytes:
    """Draw `text` as a PNG; `box_pixels` is the side of one module."""
    buffer = io.BytesIO()
    _make(text, box_pixels=box_pixels).make_image().save(buffer, format="PNG")
    return buffer.getvalue()


def _bars(row: list[bool], y: int) -> str:
    """Join neighbouring dark modules of a row to one bar: a third of the size of module by module."""
    bars, x = [], 0
    for is_dark, run in groupby(row):
        width = len(list(run))
        if is_dark:
            bars.append(f"M{x} {y}h{width}v1h-{width}z")
        x += width
    return "".join(bars)


def _make(text: str, *, box_pixels: int = 10, mask: int | None = None) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, box_size=box_pixels, mask_pattern=mask)
    code.add_data(text)
    code.make(fit=True)
    return code
