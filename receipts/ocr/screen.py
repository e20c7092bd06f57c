"""A weak sign that a photograph shows a display: the regular grid of its pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from receipts.ocr.page import Image

DOUBTFUL = 2.2
GRID_SIGMA_PX = 0.7  # more takes the strokes of small print with the grid
_TILE_PX = 512
_LOWEST, _HIGHEST = 0.16, 0.49  # cycles a pixel


def score(image: Image) -> float:
    """Highest peak of the log spectrum over its surroundings, in the band of display grids."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    tile = min(_TILE_PX, height, width) // 2 * 2
    if tile < 64:
        return 0.0
    window = np.outer(np.hanning(tile), np.hanning(tile)).astype(np.float32)
    half = np.zeros((tile, tile // 2 + 1), np.float64)
    for top in np.linspace(0, height - tile, 3).astype(int):
        for left in np.linspace(0, width - tile, 3).astype(int):
            part = grey[top : top + tile, left : left + tile].astype(np.float32)
            half += np.abs(np.fft.rfft2((part - part.mean()) * window)) ** 2
    spectrum = (0.5 * np.log10(_whole(half) + 1e-9)).astype(np.float32)
    level = (spectrum - spectrum.min()) / max(1e-6, float(np.ptp(spectrum))) * 255
    around = (
        cv2.medianBlur(level.astype(np.uint8), 15).astype(np.float32) / 255 * float(np.ptp(spectrum)) + spectrum.min()
    )
    axis = np.fft.fftshift(np.fft.fftfreq(tile))
    radius = np.hypot(axis[:, None], axis[None, :])
    band = (radius >= _LOWEST) & (radius <= _HIGHEST)
    return float((spectrum - around)[band].max() * np.log(10))


def _whole(half: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power of all frequencies, the lowest in the middle: a real image's other half mirrors the first."""
    mirrored = np.roll(half[::-1], 1, axis=0)[:, -2:0:-1]
    return np.fft.fftshift(np.hstack([half, mirrored]))


def without_grid(image: Image) -> Image:
    """Soften a photograph of a display until its grid is gone and its text is not."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), GRID_SIGMA_PX), np.uint8)
