"""Reads: which agencies a person or a key acts for."""

import hmac
from datetime import datetime

from django.db.models import QuerySet

from accounts.errors import KeyNotAccepted
from accounts.models import Agency, ApiKey, User
from accounts.roles import PERMISSIONS
from core.crypto import blind_index


def agencies_of(user: User) -> QuerySet[Agency]:
    """Give the agencies whose rows a user may see; a superuser sees all."""
    if user.is_superuser:
        return Agency.objects.all()
    return Agency.objects.filter(memberships__user=user)


def agencies_where(user: User, *permissions: str) -> QuerySet[Agency]:
    """Give the agencies in which a user's role holds one of some permissions ("app.codename")."""
    if user.is_superuser:
        return Agency.objects.all()
    roles = [role for role, held in PERMISSIONS.items() if {*permissions} & {*held}]
    return Agency.objects.filter(memberships__user=user, memberships__role__in=roles).distinct()


def members_who_may(agency: Agency, *permissions: str) -> QuerySet[User]:
    """Give the people, able to sign in, whose role in an agency holds one of some permissions ("app.codename")."""
    roles = [role for role, held in PERMISSIONS.items() if {*permissions} & {*held}]
    return User.objects.filter(is_active=True, memberships__agency=agency, memberships__role__in=roles).distinct()


def live_api_key(*, presented: str, address: str, now: datetime) -> ApiKey:
    """Find the key that a caller presents from an IP address.

    Raises:
        KeyNotAccepted: unknown, revoked, expired, or not allowed from this address.
    """
    digest = blind_index(presented, field="api_key", tenant="all")
    key = ApiKey.objects.select_related("agency").filter(digest=digest).first()
    if key is None or not hmac.compare_digest(key.digest, digest):
        raise KeyNotAccepted
    if key.revoked_at or (key.expires_at and key.expires_at <= now):
        raise KeyNotAccepted
    if key.allowed_addresses and address not in key.allowed_addresses:
        raise KeyNotAccepted
    return key
