"""The process that decodes strangers' photographs: `python -m receipts.imaging_child PARENT`."""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageDraw, ImageOps

from receipts.first_look import trouble_of
from receipts.serving import serve

ADDRESS_SPACE_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 10
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
MAY_HOLD_SEVERAL = ("MPO", "HEIF")  # phones add depth maps and previews; the first image is the photograph
MOST_PIXELS = 40_000_000
MOST_SIDE = 12_000
KEPT_SIDE = 4_000
JPEG_QUALITY = 94
COPY_QUALITY = 88
COVER = (20, 20, 20)
EDITORS = re.compile(
    r"photoshop|gimp|snapseed|picsart|lightroom|canva|pixelmator|affinity|paint|facetune|meitu|picmonkey|pixlr|photoscape|polarr|vsco|remini|illustrator",
    re.IGNORECASE,
)


class Refused(Exception):
    """The photograph is not taken; the argument is the refusal's code."""


def answer(messages: list[bytes]) -> bytes:
    """Facts as one line of JSON, then the JPEG; or the code of a refusal. A second message wishes for a copy."""
    try:
        facts, jpeg = rebuilt(messages[0]) if len(messages) == 1 else copied(messages[0], json.loads(messages[1]))
    except Refused as error:
        facts, jpeg = {"refused": str(error)}, b""
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        facts, jpeg = {"refused": "image_too_large"}, b""
    except Exception as error:  # noqa: BLE001 decoders raise anything on hostile bytes, MemoryError included
        facts, jpeg = {"refused": "image_damaged", "reason": type(error).__name__}, b""
    return json.dumps(facts).encode() + b"\n" + jpeg


def rebuilt(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Decode, turn upright, and encode anew from nothing but pixels."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        _refuse_unfit(opened)
        signs = _signs(opened.getexif())
        opened.load()
        image = opened if opened.mode == "RGB" else _on_white(opened)
        orientation = opened.getexif().get(ExifTags.Base.Orientation, 1)
    image.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    image = _turned(Image.frombytes("RGB", image.size, image.tobytes()), orientation)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    facts = {"width": image.width, "height": image.height, "perceptual_hash": difference_hash(image), **signs}
    facts["trouble"] = trouble_of(image)
    return facts, out.getvalue()


def copied(jpeg: bytes, wish: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Copy a photograph of our own making: with places blackened, or no longer than a side."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        image = opened.convert("RGB")
    draw = ImageDraw.Draw(image)
    for place in wish.get("places", []):
        draw.polygon([tuple(point) for point in place], fill=COVER)
    if side := wish.get("side"):
        image.thumbnail((side, side), Image.Resampling.BOX)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=COPY_QUALITY)
    return {}, out.getvalue()


def difference_hash(image: Image.Image) -> str:
    """64 bits: whether each cell of a 9 by 8 miniature is darker than its right neighbour."""
    small = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = "".join(
        "1" if small[9 * row + column] < small[9 * row + column + 1] else "0" for row in range(8) for column in range(8)
    )
    return f"{int(bits, 2):016x}"


def _refuse_unfit(opened: Image.Image) -> None:
    width, height = opened.size
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise Refused("image_too_large")
    if getattr(opened, "n_frames", 1) > 1 and opened.format not in MAY_HOLD_SEVERAL:
        raise Refused("image_animated")


def _signs(exif: Image.Exif) -> dict[str, Any]:
    """Editing software and capture time; where it was taken is never looked at."""
    software = str(exif.get(ExifTags.Base.Software, ""))[:60]
    taken = str(exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, ""))
    match = re.fullmatch(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)\x00?", taken)
    return {
        "software": re.sub(r"[^\x20-\x7e]", "", software),
        "taken_with_editor": EDITORS.search(software) is not None,
        "taken_at": f"{match[1]}-{match[2]}-{match[3]}T{match[4]}" if match else "",
    }


def _on_white(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        solid = image.convert("RGBA")
        white = Image.new("RGB", solid.size, "white")
        white.paste(solid, mask=solid.getchannel("A"))
        return white
    if image.mode.startswith("I"):  # 16-bit grey
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    return image.convert("RGB")


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    image.getexif()[ExifTags.Base.Orientation] = orientation
    return ImageOps.exif_transpose(image)


def prepare() -> None:
    """Set Pillow's limits and teach it HEIC; only a process that decodes does so."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    pillow_heif.register_heif_opener(thumbnails=False)


if __name__ == "__main__":
    prepare()
    serve(answer, parent=int(sys.argv[1]), address_space_bytes=ADDRESS_SPACE_BYTES, cpu_seconds=CPU_SECONDS)
