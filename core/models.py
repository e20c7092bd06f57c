"""Abstract models that every stage builds on."""

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.errors import StaleState


class TimestampedModel(models.Model):
    """A row that says when it was made and last changed (UTC)."""

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True


class PublicModel(TimestampedModel):
    """A row with a random id that may stand in URLs and answers; the `pk` stays inside."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class StatefulModel(PublicModel):
    """A row with a `status` that moves only along TRANSITIONS, by compare-and-swap."""

    TRANSITIONS: ClassVar[dict[Any, set[Any]]] = {}
    status: Any

    class Meta:
        abstract = True

    def can_move_to(self, status: str) -> bool:
        """Tell whether TRANSITIONS allow the move from the status this object holds."""
        return status in self.TRANSITIONS.get(self.status, set())

    def stale(self, new: str = "") -> StaleState:
        """Give the refusal to move this row on, for callers that allow less than TRANSITIONS do."""
        return StaleState(model=self._meta.label, pk=self.pk, old=self.status, new=new)

    def move_to(self, status: str, **changes: Any) -> Self:
        """Move the row to `status` with `changes` in one UPDATE that names the old status.

        Raises:
            StaleState: the move is not in TRANSITIONS, or the row's status is no longer what this object holds.
        """
        if not self.can_move_to(status):
            raise self.stale(status)
        rows = type(self)._default_manager.filter(pk=self.pk, status=self.status)
        moved = rows.update(status=status, **changes)
        if not moved:
            raise self.stale(status)
        self.status = status
        for name, value in changes.items():
            setattr(self, name, value)
        return self


def in_status(name: str, choices: type[models.TextChoices]) -> models.CheckConstraint:
    """Make a constraint that lets the database refuse a status outside of its choices."""
    return models.CheckConstraint(name=name, condition=models.Q(status__in=choices.values))
