"""What makes a photograph hopeless at the first glance: the one set of limits for the server and for the browser."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """Limits of the first look; pixels and cells are those of the small grey copy that is looked at.

    `receipts/first_look.py` and `portal/static/portal/first_look.js` take the same steps with them; docs/receipts.md
    has what they find and how often they are wrong.
    """

    pixels: int = 330_000  # of the copy: print of 2 mm is some ten pixels high on it, whatever the shape of the paper
    closer: int = 4  # times as many pixels for the second look, where little print was seen: the paper may lie far away
    least_side: int = 240  # of the photograph itself
    least_light: int = 40  # mean of 255
    glaring: int = 254
    most_glare: float = 0.7
    least_edges: int = 25  # variance of the Laplacian
    around: int = 10  # pixels on each side over which the light around a stroke is taken
    ink_share: float = 0.13  # a stroke is darker than its surroundings by so much of their light
    ink_least: int = 8
    cell: int = 12  # side of the square cells in which strokes are looked for
    rim: int = 6  # depth of those that lie at the picture's border
    busy: float = 0.1  # changes between ink and paper per pixel, across as well as down
    rough: float = 0.4  # of the ink's contrast: paper between strokes is smoother than that; grass and fur are not
    least_print: int = 50  # cells; the shortest receipts have twice as many
    rim_print: int = 2  # cells of print cut through by one border
    near: int = 4  # cells from a border within which print comes too close where the paper runs out of the picture
    paper_light: float = 0.8  # of the paper's light: what lies between the print and the border is paper
    table_light: float = 0.7  # of the paper's light: what lies beside it at the border is not


LIMITS = PhotoLimits()
