"""The first look at photographs that were just taken: how often it warns in vain, what it finds, what it costs."""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from bench.figures import Figure
from bench.receipt_samples.making import make_samples
from receipts.first_look import trouble_of

Picture = Image.Image
SEED = 20261128
KEPT = 0.6  # of the length or width of the picture where a part is cut off


def cut(picture: Picture, side: int) -> Picture:
    """Take a photograph whose frame ends within the receipt: 0 top, 1 bottom, 2 left, 3 right."""
    width, height = picture.size
    across, down = round(KEPT * width), round(KEPT * height)
    boxes = (
        (0, height - down, width, height),
        (0, 0, width, down),
        (width - across, 0, width, height),
        (0, 0, across, height),
    )
    return picture.crop(boxes[side])


def table(seed: int, *, grain: float = 10.0) -> Picture:
    """A table without anything on it, as rough as wood or cloth."""
    noise = np.random.default_rng(seed).normal(120, 3 * grain, (800, 600)).clip(0, 255)
    return Image.fromarray(noise.astype(np.uint8)).filter(ImageFilter.GaussianBlur(2)).convert("RGB")


def blank(seed: int) -> Picture:
    """A sheet on the table on which nothing is printed."""
    picture = table(seed).resize((1200, 1600))
    picture.paste((235, 235, 232), (300, 250, 900, 1350))
    return picture


def far(picture: Picture) -> Picture:
    """Take the same receipt from twice as far away."""
    width, height = picture.size
    scene = table(1).resize((2 * width, 2 * height))
    scene.paste(picture, (width // 2, height // 2))
    return scene


def out_of_focus(picture: Picture) -> Picture:
    """Blur so that no reader finds a letter."""
    return picture.filter(ImageFilter.GaussianBlur(0.006 * min(picture.size)))


def underexposed(picture: Picture) -> Picture:
    """Take it in the dark."""
    return ImageEnhance.Brightness(picture).enhance(0.2)


def washed_out(picture: Picture) -> Picture:
    """Let a lamp shine on all of it."""
    return Image.blend(picture, Image.new("RGB", picture.size, "white"), 0.9).point(lambda value: min(255, value + 24))


SPOILT: dict[str, Callable[[Picture], Picture]] = {
    "cut_at_top": lambda picture: cut(picture, 0),
    "cut_at_bottom": lambda picture: cut(picture, 1),
    "cut_at_left": lambda picture: cut(picture, 2),
    "cut_at_right": lambda picture: cut(picture, 3),
    "out_of_focus": out_of_focus,
    "in_the_dark": underexposed,
    "washed_out": washed_out,
}


def measure() -> Iterator[Figure]:
    """Every layout at every difficulty, whole and spoilt."""
    with tempfile.TemporaryDirectory() as folder:
        truth = make_samples(Path(folder), seed=SEED)
        photos = [_opened((Path(folder) / entry["images"][0]).read_bytes()) for entry in truth]
    started = time.process_time()
    warned = [trouble_of(photo) for photo in photos]
    yield Figure("first_look_each", 1000 * (time.process_time() - started) / len(photos), "ms CPU", "<= 100")
    yield Figure("first_look_in_vain", _percent(warned), "%", "<= 2")
    yield Figure(
        "first_look_in_vain_far_away", _percent([trouble_of(far(photo)) for photo in photos[::4]]), "%", "<= 2"
    )
    for name, spoil in SPOILT.items():
        yield Figure(f"first_look_{name}", _percent([trouble_of(spoil(photo)) for photo in photos]), "%", ">= 90")
    empty = [trouble_of(make(seed)) for make in (blank, table) for seed in range(20)]
    yield Figure("first_look_nothing_there", _percent(empty), "%", ">= 90")


def _percent(troubles: list[str]) -> float:
    return 100 * sum(map(bool, troubles)) / len(troubles)


def _opened(data: bytes) -> Picture:
    return Image.open(io.BytesIO(data)).convert("RGB")
