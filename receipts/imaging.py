"""Photographs from strangers become clean JPEGs of their pixels; the bytes are never decoded here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from receipts.errors import FileTooLarge, ImageAnimated, ImageDamaged, ImageTooLarge, PhotoRefused, UnsupportedImageType
from receipts.isolation import Child, ChildFailed

MOST_BYTES = 10 * 1024 * 1024
DECODE_SECONDS = 10.0
COARSE_SIDE = 240
DECODE_MEMORY_BYTES = 512 * 1024 * 1024
REFUSALS: dict[str, type[PhotoRefused]] = {
    refusal.code: refusal for refusal in (UnsupportedImageType, ImageTooLarge, ImageAnimated, ImageDamaged)
}
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx")


@dataclass(frozen=True, slots=True)
class SanitisedPhoto:
    """A photograph rebuilt from its pixels, with what the original said about itself.

    Attributes:
        jpeg: upright, without metadata, at most 4,000 pixels long.
        sha256_of_original: of the bytes as sent, so that the same file is known again.
        perceptual_hash: 64-bit difference hash in hexadecimal.
        taken_with_editor: the metadata names a program for editing pictures; a weak sign.
        software: the program that the metadata names, or empty.
        taken_at: the camera's own local time, `YYYY-MM-DDTHH:MM:SS`, or empty.
        trouble: what makes it hopeless (`receipts/first_look.py`), or empty.
    """

    jpeg: bytes
    width: int
    height: int
    sha256_of_original: str
    perceptual_hash: str
    taken_with_editor: bool
    software: str
    taken_at: str
    trouble: str


_child = Child("receipts.imaging_child", wall_seconds=DECODE_SECONDS, memory_bytes=DECODE_MEMORY_BYTES)


def sanitise_photo(data: bytes) -> SanitisedPhoto:
    """Rebuild an uploaded photograph from its pixels, in a child process.

    Raises:
        FileTooLarge: more than 10 MB.
        UnsupportedImageType: by its content not a JPEG, PNG, WebP or HEIC.
        ImageTooLarge: more than 40 million pixels, or a side over 12,000.
        ImageAnimated: an animated PNG or WebP.
        ImageDamaged: it cannot be decoded within the limits.
    """
    if len(data) > MOST_BYTES:
        raise FileTooLarge(size=len(data))
    if not _is_taken(data):
        raise UnsupportedImageType
    try:
        answer = _child.ask([data])
    except ChildFailed as error:
        raise ImageDamaged(reason=str(error)) from error
    return _unpacked(answer, data)


def child_pid() -> int | None:
    """Give the process that decodes, if one runs."""
    return _child.pid


def covered_photo(jpeg: bytes, places: Sequence[Sequence[tuple[float, float]]]) -> bytes:
    """Blacken places of a photograph of our own making, in a child process.

    Raises:
        ImageDamaged: it could not be done within the limits.
    """
    return _copied(jpeg, {"places": [[list(point) for point in place] for place in places]})


def coarse_photo(jpeg: bytes) -> bytes:
    """Give a photograph so small that print cannot be read; raises as `covered_photo`."""
    return _copied(jpeg, {"side": COARSE_SIDE})


def _copied(jpeg: bytes, wish: dict[str, object]) -> bytes:
    try:
        answer = _child.ask([jpeg, json.dumps(wish).encode()])
    except ChildFailed as error:
        raise ImageDamaged(reason=str(error)) from error
    head, _, copy = answer.partition(b"\n")
    if refused := json.loads(head).get("refused"):
        raise REFUSALS[refused]
    return copy


def _is_taken(data: bytes) -> bool:
    """Whether the first bytes are those of a kind of file that we take; names and headers are not asked."""
    return (
        data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS)
    )


def _unpacked(answer: bytes, data: bytes) -> SanitisedPhoto:
    head, _, jpeg = answer.partition(b"\n")
    facts = json.loads(head)
    if refused := facts.get("refused"):
        raise REFUSALS[refused](reason=facts.get("reason", ""))
    return SanitisedPhoto(jpeg=jpeg, sha256_of_original=hashlib.sha256(data).hexdigest(), **facts)
