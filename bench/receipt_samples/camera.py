"""Photographs paper: table, light, shadow, folds, fading, turning, perspective, blur, noise, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
BORDER_PX = 140


@dataclass(frozen=True)
class Shot:
    """How badly a photograph is taken; angles in degrees, shares from 0 to 1."""

    tilt: float = 0.0
    keystone: float = 0.0
    shadow: float = 0.0
    fading: float = 0.0
    folds: int = 0
    blur: float = 0.0
    noise: float = 0.0
    quarter_turns: tuple[int, ...] = (0,)
    long_side: int = 0  # 0: as drawn
    quality: int = 92


SHOTS = {
    "clean": Shot(tilt=0.3, noise=1),
    "easy": Shot(tilt=2.5, keystone=0.01, shadow=0.12, noise=3),
    "medium": Shot(tilt=6, keystone=0.03, shadow=0.25, fading=0.12, folds=1, blur=0.6, noise=5, quality=85),
    "hard": Shot(9, 0.05, 0.4, 0.35, 2, 1.0, 8, (0, 1, 2, 3), quality=78),
    "extreme": Shot(13, 0.07, 0.5, 0.5, 3, 1.4, 11, (0, 1, 2, 3), quality=65),
    "lowres": Shot(3, 0.015, 0.15, 0.05, blur=0.4, noise=3, long_side=1100, quality=55),
}


def photograph(paper: Picture, shot: Shot, *, seed: int) -> bytes:
    """A JPEG of grey paper lying on a table."""
    chance = np.random.default_rng(seed)
    worn = _folded(_faded(paper.astype(np.float32), shot, chance), shot, chance)
    scene = _laid(worn, shot, chance)
    scene = _lit(scene, shot, chance)
    if shot.blur:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), shot.blur), np.float32)
    scene = scene + np.asarray(chance.normal(0, shot.noise, scene.shape), np.float32)
    picture = np.asarray(np.clip(scene, 0, 255), np.uint8)
    picture = np.ascontiguousarray(np.rot90(picture, int(chance.choice(shot.quarter_turns))))
    if shot.long_side and max(picture.shape[:2]) > shot.long_side:
        scale = shot.long_side / max(picture.shape[:2])
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, shot.quality])
    return data.tobytes()


def _faded(paper: Floats, shot: Shot, chance: np.random.Generator) -> Floats:
    """Thermal print fades in broad bands."""
    if not shot.fading:
        return paper
    waves = np.sin(np.linspace(0, chance.uniform(2, 6), paper.shape[0]) + chance.uniform(0, 6))
    share = shot.fading * (0.6 + 0.4 * waves[:, None].astype(np.float32))
    return np.asarray(paper + (244 - paper) * share, np.float32)


def _folded(paper: Floats, shot: Shot, chance: np.random.Generator) -> Floats:
    """A fold changes the light beyond it and leaves a pale line."""
    paper = paper.copy()
    for _ in range(shot.folds):
        place = int(chance.uniform(0.15, 0.85) * paper.shape[0])
        paper[place:] *= np.float32(chance.uniform(0.9, 1.0))
        paper[place : place + 2] = np.minimum(255, paper[place : place + 2] + 30)
    return paper


def _laid(paper: Floats, shot: Shot, chance: np.random.Generator) -> Floats:
    """The paper on a coloured table, turned and seen at a slant."""
    height, width = paper.shape
    rim = BORDER_PX + int(np.sin(np.radians(shot.tilt)) * height / 2)
    size = (width + 2 * rim, height + 2 * BORDER_PX)
    table = np.full((size[1], size[0], 3), chance.uniform(50, 120, 3), np.float32)
    grain = np.asarray(chance.normal(0, 18, table.shape), np.float32)
    table = table + np.asarray(cv2.GaussianBlur(grain, (0, 0), 3), np.float32)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    angle = np.radians(chance.choice((-1, 1)) * shot.tilt * chance.uniform(0.6, 1))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width / 2, height / 2])
    moved = (corners - middle) @ turn.T + np.array(size) / 2
    moved += chance.uniform(-1, 1, (4, 2)) * shot.keystone * width
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    over = cv2.warpPerspective(paper, matrix, size, flags=cv2.INTER_CUBIC)
    mask = cv2.warpPerspective(np.ones_like(paper), matrix, size)[:, :, None]
    return np.asarray(table * (1 - mask) + over[:, :, None] * mask * np.array([0.96, 0.99, 1.0]), np.float32)


def _lit(scene: Floats, shot: Shot, chance: np.random.Generator) -> Floats:
    """Light that falls off to one side, and the edge of somebody's shadow."""
    height, width = scene.shape[:2]
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    angle = chance.uniform(0, 2 * np.pi)
    along = across * np.cos(angle) + down * np.sin(angle)
    light = 1 - shot.shadow * (0.35 * (along + 1) / 2 + 0.65 / (1 + np.exp(-12 * (along - chance.uniform(-0.3, 0.5)))))
    return np.asarray(scene * light[:, :, None], np.float32)
