"""Places on photographs, as readings keep them: a photograph (from 0) and a polygon in its pixels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def around(regions: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Give the upright box around several places, on the photograph that holds most of them; None of no place."""
    found = [region for region in regions if region and region.get("polygon")]
    if not found:
        return None
    photo = Counter(region["photo"] for region in found).most_common(1)[0][0]
    points = [point for region in found if region["photo"] == photo for point in region["polygon"]]
    left, right = min(x for x, _y in points), max(x for x, _y in points)
    top, bottom = min(y for _x, y in points), max(y for _x, y in points)
    return {"photo": photo, "polygon": [[left, top], [right, top], [right, bottom], [left, bottom]]}
