"""Reads: which agencies a person or a key acts for."""

import hmac
from datetime import datetime

from django.db.models import F, Q, QuerySet

from accounts.errors import KeyNotAccepted
from accounts.models import Agency, ApiKey, User
from accounts.roles import PERMISSIONS
from core import rows
from core.crypto import blind_indexes
from core.reindexing import Kept, kept_by_key


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
    digests = blind_indexes(presented, field="api_key", tenant="all")
    key = _key_of(digests)
    if key is None or not any(hmac.compare_digest(key.digest, digest) for digest in digests):
        raise KeyNotAccepted
    if key.revoked_at or (key.expires_at and key.expires_at <= now):
        raise KeyNotAccepted
    if key.allowed_addresses and address not in key.allowed_addresses:
        raise KeyNotAccepted
    return key


def _key_of(digests: list[str]) -> ApiKey | None:
    """Read a key and its agency in one statement: every call of every system begins with it."""
    found = rows.one(
        f"SELECT {rows.columns(ApiKey, 'k')}, {rows.columns(Agency, 'a')} FROM accounts_apikey k"  # noqa: S608 names only
        f" JOIN accounts_agency a ON a.id = k.agency_id WHERE k.digest IN ({rows.places(digests)}) LIMIT 1",
        digests,
    )
    if found is None:
        return None
    key: ApiKey
    key, key.agency = rows.apart(found, ApiKey, Agency)
    return key


def api_keys_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the API keys that can still be used by the index key that they are found under.

    Only its next call shows a key again; one that is never used lets go when it expires or is revoked.
    """
    live = ApiKey.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)
    return kept_by_key(live, until=F("expires_at"))
