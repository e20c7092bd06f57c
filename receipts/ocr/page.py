"""From a photograph to an upright page: find text, turn, deskew, crop and rescale in one warp."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from receipts.ocr.base import Point

Image = NDArray[np.uint8]
Quads = NDArray[np.float32]  # n x 4 x 2, clockwise from the top left of each text
Matrix = NDArray[np.float64]  # 2 x 3

SEARCH_SIDE_PX = 1100
PAGE_SIDE_PX = 4200
PAGE_AREA_PX = 9_000_000
LEAST_TEXTS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """An upright image of a receipt and the way back to the photograph's own pixels."""

    image: Image
    to_photo: Matrix
    text_height: int = 0

    def on_photo(self, points: NDArray[np.floating]) -> tuple[Point, ...]:
        """Map page points to the photograph."""
        moved = points.reshape(-1, 2) @ self.to_photo[:, :2].T + self.to_photo[:, 2]
        return tuple((round(float(x), 1), round(float(y), 1)) for x, y in moved)


def decode(photo: bytes) -> Image:
    """Decode a sanitised photograph; only a reading process should call this."""
    image = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("not a photograph")
    return np.asarray(image, np.uint8)


def shrink(image: Image, side: int) -> tuple[Image, float]:
    """A copy no longer than `side`, and the factor it was scaled by."""
    scale = min(1.0, side / max(image.shape[:2]))
    if scale == 1.0:
        return image, 1.0
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), scale


def sides(quads: Quads) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Width (along the first edge) and height of each quad."""
    across = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1) + np.linalg.norm(quads[:, 2] - quads[:, 3], axis=1)
    down = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1) + np.linalg.norm(quads[:, 2] - quads[:, 1], axis=1)
    return across / 2, down / 2


def lies_sideways(quads: Quads) -> bool:
    """Tell whether most long texts run from top to bottom."""
    spans = quads.max(axis=1) - quads.min(axis=1)
    longest = spans.max(axis=1)
    weight = np.where(longest > 2.2 * spans.min(axis=1).clip(1), longest, 0)
    return float(weight[spans[:, 1] > spans[:, 0]].sum()) > float(weight.sum()) / 2


def skew_degrees(quads: Quads) -> float:
    """Median slope of the long texts, which run along the x axis."""
    across, down = sides(quads)
    long = quads[across > 2.2 * down]
    if len(long) == 0:
        return 0.0
    edge = (long[:, 1] - long[:, 0]) + (long[:, 2] - long[:, 3])
    return float(np.median(np.degrees(np.arctan2(edge[:, 1], edge[:, 0]))))


def straighten(image: Image, quads: Quads, *, text_height: int) -> Page:
    """One warp from the photograph's own pixels to an upright crop with texts of one height."""
    quarter = 90.0 if lies_sideways(quads) else 0.0
    turn = _turning(quarter)
    flat = _clockwise(quads @ turn.T.astype(np.float32))
    angle = skew_degrees(flat)
    level = _turning(-angle) @ turn
    flat = _clockwise(quads @ level.T.astype(np.float32))
    _, heights = sides(flat)
    height = float(np.median(heights))
    margin = 1.6 * height
    low = flat.reshape(-1, 2).min(axis=0) - margin
    high = flat.reshape(-1, 2).max(axis=0) + margin
    width, length = high - low
    scale = min(text_height / height, PAGE_SIDE_PX / max(width, length), (PAGE_AREA_PX / (width * length)) ** 0.5, 6.0)
    forward = np.hstack([scale * level, (-scale * low).reshape(2, 1)])
    return _warped(image, forward, (int(width * scale) + 1, int(length * scale) + 1), text_height=text_height)


def at_height(image: Image, page: Page, *, text_height: int) -> Page:
    """The same page warped once more from the photograph's own pixels, with texts of another height."""
    factor = text_height / page.text_height
    height, width = page.image.shape[:2]
    forward = factor * np.asarray(cv2.invertAffineTransform(page.to_photo), np.float64)
    return _warped(image, forward, (int(width * factor) + 1, int(height * factor) + 1), text_height=text_height)


def _warped(image: Image, forward: Matrix, size: tuple[int, int], *, text_height: int) -> Page:
    scale = float(np.sqrt(abs(np.linalg.det(forward[:, :2]))))
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    page = cv2.warpAffine(_presmoothed(image, scale), forward, size, flags=method, borderMode=cv2.BORDER_REPLICATE)
    back = np.asarray(cv2.invertAffineTransform(forward), np.float64)
    return Page(np.asarray(page, np.uint8), back, text_height)


def upside_down(page: Page) -> Page:
    """The page turned by half a circle."""
    height, width = page.image.shape[:2]
    flip = np.array([[-1.0, 0.0, width - 1.0], [0.0, -1.0, height - 1.0]])
    matrix = np.hstack(
        [page.to_photo[:, :2] @ flip[:, :2], (page.to_photo[:, :2] @ flip[:, 2] + page.to_photo[:, 2]).reshape(2, 1)]
    )
    return Page(np.ascontiguousarray(page.image[::-1, ::-1]), matrix, page.text_height)


def cut_out(image: Image, quad: NDArray[np.floating], *, stretch: float = 1.0) -> Image:
    """One text as a level strip."""
    across, down = sides(quad.reshape(1, 4, 2).astype(np.float32))
    width, height = (max(4, round(float(across[0]) * stretch)), max(4, round(float(down[0]))))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    strip = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(strip, np.uint8)


def _turning(degrees: float) -> Matrix:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _clockwise(quads: Quads) -> Quads:
    """Let each quad start at its top left corner again after a turn."""
    by_sum = quads.sum(axis=2)
    start = by_sum.argmin(axis=1)
    order = (start[:, None] + np.arange(4)) % 4
    return np.asarray(np.take_along_axis(quads, order[:, :, None], axis=1), np.float32)


def _presmoothed(image: Image, scale: float) -> Image:
    """Soften before shrinking: warpAffine takes single pixels and would alias."""
    if scale >= 0.7:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 / scale), np.uint8)
