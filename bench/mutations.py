"""Photographs gone wrong, from a seed: small good ones, changed as accidents and attackers change them."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

pillow_heif.options.THUMBNAILS = False

MAGICS = (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x24\x00\x00\x00WEBPVP8 ", b"\x00\x00\x00\x18ftypheic", b"")
JUNK = (b"PK\x03\x04", b"<script>alert(1)</script>", b"%PDF-1.7\n", b"GIF89a", b"\x00" * 64, b"II*\x00\x08\x00\x00\x00")
SIDES = (0, 1, 2, 255, 256, 4_001, 12_000, 12_001, 20_000, 65_535, 2**31 - 1, 2**32 - 1)

Mutation = Callable[[bytes, random.Random], bytes]


def samples() -> list[bytes]:
    """Small good photographs of every kind that is taken, plain and with all their trimmings."""
    image = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Software] = "Adobe Photoshop"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:20 11:42:07"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (35.0, 39.0, 31.0)
    heic = io.BytesIO()
    pillow_heif.from_pillow(image).save(heic, quality=50)
    return [
        _encoded(image, "JPEG", exif=exif, icc_profile=b"\x00" * 40, comment=b"home"),
        _encoded(image, "JPEG", progressive=True),
        _encoded(image, "MPO", save_all=True, append_images=[image.rotate(90)]),
        _encoded(image.convert("P"), "PNG", transparency=3),
        _encoded(image.convert("I;16"), "PNG"),
        _encoded(image, "PNG", exif=exif),
        _encoded(image.convert("RGBA"), "WEBP", lossless=True, exif=exif),
        _encoded(image, "WEBP", quality=40),
        heic.getvalue(),
    ]


def mutated(count: int, *, seed: int) -> Iterator[bytes]:
    """Give so many files gone wrong; the same ones for the same seed."""
    chance = random.Random(seed)
    good = samples()
    for _ in range(count):
        data = chance.choice(good)
        for _again in range(chance.choice((1, 1, 1, 2, 3))):
            data = chance.choice(MUTATIONS)(data, chance)
        yield data


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _flip_bits(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 40)) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut_off(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _edit_header(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4) if changed else 0):
        changed[chance.randrange(min(64, len(changed)))] = chance.choice(
            (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
        )
    return bytes(changed)


def _swap_pieces(data: bytes, chance: random.Random) -> bytes:
    first, second, third = sorted(chance.randrange(len(data) + 1) for _ in range(3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def _repeat_piece(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randint(1, 200)]
    return data[:start] + piece * chance.choice((2, 5, 50)) + data[start:]


def _drop_piece(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randint(1, 64) :]


def _lie_about_size(data: bytes, chance: random.Random) -> bytes:
    """Other sides where the kind keeps them; a PNG's checksum is made to fit, so that the lie is believed."""
    width, height = chance.choice(SIDES), chance.choice(SIDES)
    changed = bytearray(data)
    if data.startswith(b"\x89PNG") and len(data) > 33:
        struct.pack_into(">II", changed, 16, width, height)
        struct.pack_into(">I", changed, 29, zlib.crc32(changed[12:29]))
    elif (frame := max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))) > 0 and len(data) > frame + 9:
        struct.pack_into(">HH", changed, frame + 5, height & 0xFFFF, width & 0xFFFF)
    elif (place := data.find(b"ispe")) > 0 and len(data) > place + 16:
        struct.pack_into(">II", changed, place + 8, width, height)
    elif data[:4] == b"RIFF" and len(data) > 30:
        struct.pack_into("<HH", changed, 26, width & 0xFFFF, height & 0xFFFF)
    return bytes(changed)


def _lie_about_length(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    if len(changed) > 8:
        struct.pack_into(">I", changed, chance.randrange(len(changed) - 4), chance.choice(SIDES))
    return bytes(changed)


def _append_junk(data: bytes, chance: random.Random) -> bytes:
    return data + chance.choice(JUNK) * chance.choice((1, 3)) + chance.choice(TAILS)


def _dress_as_other_kind(data: bytes, chance: random.Random) -> bytes:
    magic = chance.choice(MAGICS)
    return magic + data[chance.choice((0, len(magic))) :]


def _hide_text_bomb(data: bytes, chance: random.Random) -> bytes:
    """A compressed remark or colour profile that swells a thousandfold, before a PNG's pixels."""
    name = chance.choice((b"zTXt", b"iCCP", b"iTXt"))
    head = b"x\x00\x01\x00\x00\x00" if name == b"iTXt" else b"x\x00\x00"
    bomb = head + BOMB
    chunk = struct.pack(">I", len(bomb)) + name + bomb + struct.pack(">I", zlib.crc32(name + bomb))
    return data[:33] + chunk + data[33:] if data.startswith(b"\x89PNG") else chunk + data


BOMB = zlib.compress(b"\x00" * 4_000_000, 9)
TAILS = (b"", b"\xff\xd9", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"IEND\xaeB`\x82")
MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits,
    _flip_bits,
    _cut_off,
    _edit_header,
    _swap_pieces,
    _repeat_piece,
    _drop_piece,
    _lie_about_size,
    _lie_about_size,
    _lie_about_length,
    _append_junk,
    _dress_as_other_kind,
    _hide_text_bomb,
)
