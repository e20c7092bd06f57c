"""QR codes as inline SVG for pages and PNG for files."""

import io

import qrcode
import qrcode.image.svg
from qrcode.constants import ERROR_CORRECT_M


def qr_svg(text: str) -> str:
    """Draw `text` as an SVG element with the quiet zone of four modules that scanners need."""
    image = _make(text).make_image(image_factory=qrcode.image.svg.SvgPathImage)
    return str(image.to_string(encoding="unicode"))


def qr_png(text: str, *, box_pixels: int = 10) -> bytes:
    """Draw `text` as a PNG; `box_pixels` is the side of one module."""
    buffer = io.BytesIO()
    _make(text, box_pixels).make_image().save(buffer, format="PNG")
    return buffer.getvalue()


def _make(text: str, box_pixels: int = 10) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4, box_size=box_pixels)
    code.add_data(text)
    code.make(fit=True)
    return code
