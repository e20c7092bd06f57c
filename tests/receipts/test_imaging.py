import hashlib
import io
import os
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image

from bench.mutations import mutated
from bench.photos import decode_all
from receipts import errors, imaging
from receipts.imaging import sanitise_photo
from receipts.imaging_child import difference_hash


def picture(width: int = 60, height: int = 40, *, mode: str = "RGB") -> Image.Image:
    """Left half dark, right half light, so that turns can be seen."""
    image = Image.new("RGB", (width, height), (20, 20, 20))
    image.paste((230, 230, 230), (width // 2, 0, width, height))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(photo: imaging.SanitisedPhoto) -> Image.Image:
    return Image.open(io.BytesIO(photo.jpeg))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\x00" * 10))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def camera_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "SecretCam"
    exif[ExifTags.Base.Software] = "17.1"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:20 11:42:07"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (35.0, 39.0, 31.0)
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_usual_kinds_become_a_jpeg_of_the_same_size(kind):
    photo = sanitise_photo(encoded(picture(), kind))

    assert (opened(photo).format, opened(photo).size, photo.width, photo.height) == ("JPEG", (60, 40), 60, 40)


def test_heic_of_an_iphone_is_taken():
    out = io.BytesIO()
    pillow_heif.from_pillow(picture(64, 48)).save(out, quality=80)

    assert opened(sanitise_photo(out.getvalue())).size == (64, 48)


def test_the_first_picture_of_a_mpo_is_taken():
    data = encoded(picture(), "MPO", save_all=True, append_images=[picture(30, 30)])

    assert opened(sanitise_photo(data)).size == (60, 40)


def test_the_first_picture_of_a_heic_with_several_is_taken():
    several = pillow_heif.from_pillow(picture(64, 48))
    several.add_from_pillow(picture(32, 32))
    out = io.BytesIO()
    several.save(out, quality=80)

    assert opened(sanitise_photo(out.getvalue())).size == (64, 48)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_every_colour_mode_becomes_rgb(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"

    assert opened(sanitise_photo(encoded(picture(mode=mode), kind))).mode == "RGB"


def test_sixteen_bit_grey_keeps_its_light_and_dark():
    grey = Image.fromarray((np.linspace(0, 65535, 64)[None, :].repeat(8, 0)).astype(np.uint16))

    strip = opened(sanitise_photo(encoded(grey, "PNG"))).convert("L")
    assert strip.getpixel((2, 4)) < 20
    assert 118 < strip.getpixel((32, 4)) < 140
    assert strip.getpixel((62, 4)) > 240


def test_what_is_transparent_becomes_white():
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))

    assert opened(sanitise_photo(encoded(clear, "PNG"))).getpixel((20, 20)) == (255, 255, 255)


def test_metadata_and_place_are_gone():
    data = encoded(picture(), exif=camera_exif(), comment=b"my home", icc_profile=b"\x00" * 200)
    photo = sanitise_photo(data)

    clean = opened(photo)
    assert dict(clean.getexif()) == {}
    assert set(clean.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"SecretCam" not in photo.jpeg
    assert b"my home" not in photo.jpeg


def test_bytes_behind_the_picture_are_gone():
    data = encoded(picture()) + b"PK\x03\x04<script>alert(1)</script>"

    assert b"<script>" not in sanitise_photo(data).jpeg


def test_the_capture_time_and_program_are_told():
    photo = sanitise_photo(encoded(picture(), exif=camera_exif()))

    assert (photo.taken_at, photo.software, photo.taken_with_editor) == ("2026-11-20T11:42:07", "17.1", False)


def test_an_editing_program_is_a_sign():
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = "Adobe Photoshop 27.0 (Windows)"

    assert sanitise_photo(encoded(picture(), exif=exif)).taken_with_editor is True


def test_the_picture_is_turned_as_the_camera_says():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # turn clockwise: what was left comes to the top
    photo = sanitise_photo(encoded(picture(), exif=exif))

    upright = opened(photo).convert("L")
    assert (photo.width, photo.height) == (40, 60)
    assert upright.getpixel((20, 5)) < 60 < 200 < upright.getpixel((20, 55))


def test_a_large_photograph_is_kept_at_four_thousand_pixels():
    photo = sanitise_photo(encoded(Image.new("L", (8000, 2000), 128), quality=30))

    assert (photo.width, photo.height) == (4000, 1000)


def test_the_original_is_known_by_its_digest():
    data = encoded(picture())

    assert sanitise_photo(data).sha256_of_original == hashlib.sha256(data).hexdigest()


def test_the_perceptual_hash_survives_another_encoding():
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 255, (8, 9), np.uint8)).resize((360, 320))
    hashes = {sanitise_photo(encoded(noise, quality=quality)).perceptual_hash for quality in (95, 60)}

    assert hashes == {difference_hash(noise.convert("RGB"))}
    assert len(hashes.pop()) == 16


def test_a_difference_hash_reads_rows_from_the_left():
    assert difference_hash(Image.linear_gradient("L").rotate(90).convert("RGB")) == "f" * 16
    assert difference_hash(Image.linear_gradient("L").rotate(-90).convert("RGB")) == "0" * 16


def animation(kind: str) -> bytes:
    return encoded(picture(), kind, save_all=True, append_images=[picture(mode="L").convert("RGB").rotate(180)])


def with_text_bomb() -> bytes:
    """A PNG with a remark of a few kilobytes that swells to sixteen million."""
    good = encoded(picture(), "PNG")
    return good[:33] + _chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"\x00" * 16_000_000)) + good[33:]


HOSTILE = [
    (b"", errors.UnsupportedImageType),
    (b"not a picture at all", errors.UnsupportedImageType),
    (animation("GIF"), errors.UnsupportedImageType),
    (encoded(picture(), "TIFF"), errors.UnsupportedImageType),
    (encoded(picture(), "BMP"), errors.UnsupportedImageType),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", errors.UnsupportedImageType),
    (b"%PDF-1.7\n" + encoded(picture()), errors.UnsupportedImageType),
    (animation("WEBP"), errors.ImageAnimated),
    (animation("PNG"), errors.ImageAnimated),
    (png_header(60_000, 60_000), errors.ImageTooLarge),
    (png_header(12_001, 100), errors.ImageTooLarge),
    (png_header(8_000, 5_001), errors.ImageTooLarge),
    (png_header(100, 100), errors.ImageDamaged),
    (png_header(6_000, 6_000), errors.ImageDamaged),
    (with_text_bomb(), errors.ImageDamaged),
    (encoded(picture(400, 400, mode="L"), quality=95)[:-400], errors.ImageDamaged),
    (encoded(picture(), "PNG")[:60], errors.ImageDamaged),
    (b"\xff\xd8\xff" + b"\x00" * 500, errors.ImageDamaged),
    (b"RIFF\x10\x00\x00\x00WEBPVP8 ", errors.ImageDamaged),
    (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 64, errors.ImageDamaged),
]


@pytest.mark.parametrize(("data", "refusal"), HOSTILE, ids=[f"file-{place}" for place in range(len(HOSTILE))])
def test_hostile_or_broken_files_are_refused_with_their_reason(data, refusal):
    with pytest.raises(refusal) as caught:
        sanitise_photo(data)
    assert type(caught.value) is refusal


def test_a_file_over_ten_megabytes_is_refused_unread(monkeypatch):
    monkeypatch.setattr(imaging._child, "ask", None)

    with pytest.raises(errors.FileTooLarge):
        sanitise_photo(b"\xff\xd8\xff" + b"\x00" * imaging.MOST_BYTES)


def test_every_refusal_has_a_code_and_a_status():
    codes = {refusal.code: refusal.status for _, refusal in HOSTILE} | {
        errors.FileTooLarge.code: errors.FileTooLarge.status
    }

    assert codes == {
        "file_too_large": 413,
        "unsupported_image_type": 415,
        "image_animated": 422,
        "image_too_large": 422,
        "image_damaged": 422,
    }


def test_after_a_hostile_file_good_ones_are_still_taken():
    with pytest.raises(errors.ImageDamaged):
        sanitise_photo(b"\xff\xd8\xff" + b"\x00" * 500)

    assert sanitise_photo(encoded(picture())).width == 60


def test_T10_two_thousand_photographs_gone_wrong_are_each_answered_by_one_child_that_does_not_grow():
    sanitise_photo(encoded(picture()))
    outcome = decode_all(mutated(int(os.environ.get("MUTATED_PHOTOS", "2000")), seed=4))

    assert set(outcome.answers) <= {"decoded", *imaging.REFUSALS}, outcome
    assert outcome.answers["decoded"] > 0
    assert outcome.pids == {imaging.child_pid()}
    assert outcome.most_bytes < 200_000_000
    assert outcome.slowest_seconds < imaging.DECODE_SECONDS


def test_places_of_a_photograph_are_blackened_and_the_rest_stays():
    image = Image.new("RGB", (200, 100), "white")
    covered = imaging.covered_photo(encoded(image), [[(20.0, 10.0), (80.0, 10.0), (80.0, 40.0), (20.0, 40.0)]])

    after = Image.open(io.BytesIO(covered)).convert("L")
    assert after.size == (200, 100)
    assert after.getpixel((50, 25)) < 40
    assert after.getpixel((150, 70)) > 240
