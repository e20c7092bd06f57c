"""What a receipt reader takes and gives; everything here is plain data that survives JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

FIELD_KEYS = (
    "store_name",
    "branch",
    "tel",
    "date",
    "time",
    "receipt_no",
    "registration_no",
    "subtotal",
    "tax",
    "total",
)
KEY_FIELDS = ("tel", "date", "time", "total")

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Json = dict[str, Any]


class ReaderCrashed(Exception):
    """The reading process died, ran out of memory or of time on these photographs."""


class ReaderUnavailable(Exception):
    """The engine cannot run here: a program or a model is missing."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line as the engine saw it; the quad is clockwise from the line's top left."""

    quad: Quad
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Region:
    """Where on a photograph something stands, in pixels of the stored photograph."""

    photo: int
    polygon: tuple[Point, ...]

    def to_json(self) -> Json:
        return {"photo": self.photo, "polygon": [[x, y] for x, y in self.polygon]}

    @classmethod
    def from_json(cls, data: Json) -> Region:
        return cls(photo=data["photo"], polygon=tuple((x, y) for x, y in data["polygon"]))


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One field: its canonical value, how far to trust it, where it stands, what proves it."""

    value: str
    confidence: float
    region: Region | None = None
    proofs: tuple[str, ...] = ()

    def to_json(self) -> Json:
        return {
            "value": self.value,
            "confidence": self.confidence,
            "region": self.region.to_json() if self.region else None,
            "proofs": list(self.proofs),
        }

    @classmethod
    def from_json(cls, data: Json) -> FieldReading:
        return cls(data["value"], data["confidence"], _region(data["region"]), tuple(data["proofs"]))


@dataclass(frozen=True, slots=True)
class ItemReading:
    """One product line: `price_jpy` is the printed amount, `discount_jpy` is zero or negative."""

    name: str
    quantity: int
    price_jpy: int
    discount_jpy: int = 0
    confidence: float = 1.0
    region: Region | None = None
    jan: str | None = None

    def to_json(self) -> Json:
        data = asdict(self)
        data["region"] = self.region.to_json() if self.region else None
        return data

    @classmethod
    def from_json(cls, data: Json) -> ItemReading:
        return cls(**{**data, "region": _region(data["region"])})


@dataclass(frozen=True, slots=True)
class ReceiptReading:
    """All that was read from the photographs of one receipt; `masks` cover what is nobody's business."""

    engine: str
    engine_version: str
    fields: Mapping[str, FieldReading] = field(default_factory=dict)
    items: tuple[ItemReading, ...] = ()
    is_receipt: bool = False
    is_complete: bool = False
    is_return: bool = False  # money was given back
    needs_review: bool = True
    review_reasons: tuple[str, ...] = ()
    screen_score: float = 0.0
    text: str = ""
    seconds: float = 0.0
    masks: tuple[Region, ...] = ()

    def value(self, key: str) -> str | None:
        """The text of a field, or None where it was not read."""
        found = self.fields.get(key)
        return found.value if found else None

    def to_json(self) -> Json:
        """Plain data for a JSONField or a pipe; `from_json` gives an equal reading back."""
        return {
            "engine": self.engine,
            "engine_version": self.engine_version,
            "fields": {key: found.to_json() for key, found in self.fields.items()},
            "items": [item.to_json() for item in self.items],
            "is_receipt": self.is_receipt,
            "is_complete": self.is_complete,
            "is_return": self.is_return,
            "needs_review": self.needs_review,
            "review_reasons": list(self.review_reasons),
            "screen_score": self.screen_score,
            "text": self.text,
            "seconds": self.seconds,
            "masks": [mask.to_json() for mask in self.masks],
        }

    @classmethod
    def from_json(cls, data: Json) -> ReceiptReading:
        return cls(
            **{
                **data,
                "fields": {key: FieldReading.from_json(found) for key, found in data["fields"].items()},
                "items": tuple(ItemReading.from_json(item) for item in data["items"]),
                "review_reasons": tuple(data["review_reasons"]),
                "masks": tuple(Region.from_json(mask) for mask in data.get("masks", [])),
            }
        )


class ReceiptReader(Protocol):
    """Reads one receipt from one to four photographs, in the order of its length."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def read(self, photos: Sequence[bytes]) -> ReceiptReading:
        """Read sanitised photographs of one receipt.

        Raises:
            ReaderCrashed: the photographs could not be read in the given time and memory.
            ReaderUnavailable: the engine is not installed here.
        """
        ...


def _region(data: Json | None) -> Region | None:
    return Region.from_json(data) if data else None
