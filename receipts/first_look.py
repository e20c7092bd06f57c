"""The first look at a photograph, within a twentieth of a second: is there any hope that a receipt is read from it?

Nothing here knows a shop or a layout. Print is what changes between ink and paper in both directions within a small
cell whose paper is smooth: wood, edges and stripes change in one direction only, fur and leaves are rough.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageStat

from receipts.photo_limits import LIMITS

Grey = NDArray[Any]  # light from 0 to 255
Marks = NDArray[Any]  # true or false
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 4, -1, 0, -1, 0), scale=1, offset=128)


class Strokes(NamedTuple):
    """A grey copy with its ink, and where ink and paper change on the way across and down."""

    grey: Grey
    ink: Marks
    across: Marks
    down: Marks

    def turned(self, side: int) -> Strokes:
        """Bring a side to the top: 0 top, 1 bottom, 2 left, 3 right. Cells ask for both directions alike."""
        if side > 1:
            return Strokes(*(array.T[:: -1 if side == 3 else 1] for array in self))
        return Strokes(*(array[:: -1 if side else 1] for array in self))

    def top(self, rows: int) -> Strokes:
        """Give the uppermost rows."""
        return Strokes(*(array[:rows] for array in self))


class Cells(NamedTuple):
    """Per cell: whether there is print, the light of the paper between the strokes, and the light of all."""

    print: Marks
    paper: Grey
    light: Grey


def trouble_of(image: Image.Image) -> str:
    """Name what makes a photograph hopeless, so that it is said at once; a doubtful one is left to the reader."""
    if min(image.size) < LIMITS.least_side:
        return "too_small"
    copy = small_copy(image, LIMITS.pixels)
    if ImageStat.Stat(copy).mean[0] < LIMITS.least_light:
        return "too_dark"
    if sum(copy.histogram()[LIMITS.glaring :]) > LIMITS.most_glare * copy.width * copy.height:
        return "glare"
    edges = copy.filter(LAPLACIAN).crop((1, 1, copy.width - 1, copy.height - 1))
    if ImageStat.Stat(edges).var[0] < LIMITS.least_edges:
        return "blurred"
    strokes = strokes_of(copy)
    cells = cells_of(strokes, LIMITS.cell)
    if not _has_print(cells) and not _has_print(_closer(image)):
        return "no_print"
    return "cut_off" if any(_is_cut(strokes.turned(side)) for side in range(4)) else ""


def small_copy(image: Image.Image, pixels: int) -> Image.Image:
    """A grey copy of about so many pixels."""
    scale = min(1.0, (pixels / (image.width * image.height)) ** 0.5)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.convert("L").resize(size, Image.Resampling.BOX)


def strokes_of(copy: Image.Image) -> Strokes:
    """Find what is darker than the light around it."""
    grey = np.asarray(copy, np.float32)
    around = np.asarray(copy.filter(ImageFilter.BoxBlur(LIMITS.around)), np.float32)
    ink = (around - grey) > np.maximum(LIMITS.ink_least, LIMITS.ink_share * around)
    across, down = np.zeros_like(ink), np.zeros_like(ink)
    across[:, 1:] = ink[:, 1:] != ink[:, :-1]
    down[1:] = ink[1:] != ink[:-1]
    return Strokes(grey, ink, across, down)


def cells_of(strokes: Strokes, height: int) -> Cells:
    """Judge cells of a height; what remains at the right and at the foot is left out."""

    def mean(array: NDArray[Any]) -> Grey:
        rows, columns = array.shape[0] // height, array.shape[1] // LIMITS.cell
        cut = array[: rows * height, : columns * LIMITS.cell].reshape(rows, height, columns, LIMITS.cell)
        return np.asarray(cut.mean((1, 3), dtype=np.float32))

    grey, ink = strokes.grey, mean(strokes.ink)
    between = np.where(strokes.ink, 0, grey)
    of_paper, of_ink = np.maximum(1 - ink, 0.01), np.maximum(ink, 0.01)
    light = mean(grey)
    paper = mean(between) / of_paper
    contrast = paper - (light - mean(between)) / of_ink
    roughness = np.maximum(mean(between * between) / of_paper - paper * paper, 0)
    is_busy = np.minimum(mean(strokes.across), mean(strokes.down)) > LIMITS.busy
    return Cells(is_busy & (roughness < (LIMITS.rough * contrast) ** 2), paper, light)


def _has_print(cells: Cells) -> bool:
    return int(cells.print.sum()) >= LIMITS.least_print


def _closer(image: Image.Image) -> Cells:
    return cells_of(strokes_of(small_copy(image, LIMITS.closer * LIMITS.pixels)), LIMITS.cell)


def _is_cut(strokes: Strokes) -> bool:
    """Whether the top border cuts through print, or through the paper just above it."""
    cells, rim = cells_of(strokes, LIMITS.cell), cells_of(strokes.top(LIMITS.rim), LIMITS.rim)
    if not cells.print.any() or not rim.light.size:
        return False
    least = np.median(cells.paper[cells.print]) / 2  # darker than that is no paper but the noise beside it
    cut = int((rim.print[0] & (rim.light[0] > least)).sum())
    on_paper = Cells(cells.print & (cells.paper > least), cells.paper, cells.light)
    return cut >= LIMITS.rim_print or _runs_out(on_paper, rim.light[0])


def _runs_out(cells: Cells, border: Grey) -> bool:
    """Whether paper goes on to the border above print that is near, with a table to be seen beside it."""
    rows = max(LIMITS.near, len(cells.print) // 4)
    nearest = cells.print[:rows]
    columns = np.flatnonzero(nearest.any(0))
    lines = np.flatnonzero(nearest.sum(1) >= 2)
    if len(columns) < 4 or not len(lines) or lines[0] > LIMITS.near:
        return False
    first, last = columns[len(columns) // 20], columns[-1 - len(columns) // 20]
    beside = np.concatenate([border[: max(0, first - 2)], border[last + 3 :]])
    paper = np.median(cells.paper[:rows][nearest])
    above = np.median(border[first : last + 1])
    return bool(
        len(beside) >= 3 and above > LIMITS.paper_light * paper and np.median(beside) < LIMITS.table_light * paper
    )
