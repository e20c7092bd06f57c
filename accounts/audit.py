"""The trail: a line for every act that moves value, shows a secret or changes what was decided."""

from typing import Any

import structlog
from django.db import models

from accounts.models import AuditEntry
from core import rows


def record(
    action: str,
    *,
    subject: models.Model,
    agency_id: int | None = None,
    actor_id: int | None = None,
    actor_label: str = "",
    reason: str = "",
    **facts: Any,
) -> AuditEntry:
    """Add a line in the caller's transaction, so that act and line are stored together or not at all.

    `facts` hold ids and figures, never a code, a token or a contact.
    """
    line = line_of(
        action,
        subject=subject,
        agency_id=agency_id,
        actor_id=actor_id,
        actor_label=actor_label,
        reason=reason,
        **facts,
    )
    return rows.add(line)


def line_of(
    action: str,
    *,
    subject: models.Model,
    agency_id: int | None = None,
    actor_id: int | None = None,
    actor_label: str = "",
    reason: str = "",
    **facts: Any,
) -> AuditEntry:
    """Write a line as `record` does, for a caller who adds it together with what it tells of."""
    return AuditEntry(
        agency_id=agency_id if agency_id is not None else getattr(subject, "agency_id", None),
        actor_id=actor_id,
        actor_label=actor_label,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(getattr(subject, "public_id", subject.pk)),
        reason=reason,
        facts=facts,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
