"""Writes: agencies, members, keys."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts import audit
from accounts.models import Agency, ApiKey, Membership, Role, Scope, User
from accounts.roles import PERMISSIONS
from core.crypto import blind_index
from core.index_keys import current_key_id


@transaction.atomic
def create_agency(*, name: str, slug: str) -> Agency:
    """Make a tenant."""
    agency = Agency.objects.create(name=name, slug=slug)
    audit.record("agency.created", subject=agency, agency_id=agency.pk)
    return agency


@transaction.atomic
def add_member(*, user_id: int, agency_id: int, role: Role) -> Membership:
    """Give a user a role in an agency and let him into the admin; a repeat changes the role."""
    membership, _created = Membership.objects.update_or_create(
        user_id=user_id, agency_id=agency_id, defaults={"role": role}
    )
    user = User.objects.select_for_update().get(pk=user_id)
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    sync_user_groups(user_id=user_id)
    audit.record("member.added", subject=membership, agency_id=agency_id, role=role)
    return membership


def sync_user_groups(*, user_id: int) -> None:
    """Put a user into the groups of his roles, and out of the others."""
    roles = Membership.objects.filter(user_id=user_id).values_list("role", flat=True)
    User.objects.get(pk=user_id).groups.set(Group.objects.filter(name__in=roles))


def sync_roles() -> None:
    """Make the groups and permissions of `accounts/roles.py` true in the database."""
    known = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    permission_ids = {f"{app}.{codename}": pk for app, codename, pk in known}
    for role, names in PERMISSIONS.items():
        group, _created = Group.objects.get_or_create(name=role)
        group.permissions.set([permission_ids[name] for name in names if name in permission_ids])


@transaction.atomic
def issue_api_key(
    *,
    agency_id: int,
    name: str,
    scopes: Sequence[Scope],
    allowed_addresses: Sequence[str] = (),
    expires_at: datetime | None = None,
    actor_id: int | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which is shown once and kept only as a keyed hash."""
    prefix = f"mzk_{secrets.token_hex(4)}"
    presented = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        agency_id=agency_id,
        name=name,
        prefix=prefix,
        **_index_of(presented),
        scopes=[str(scope) for scope in scopes],
        allowed_addresses=list(allowed_addresses),
        expires_at=expires_at,
    )
    audit.record("api_key.issued", subject=key, actor_id=actor_id, scopes=key.scopes)
    return key, presented


@transaction.atomic
def revoke_api_key(*, api_key_id: int, now: datetime, actor_id: int | None = None) -> ApiKey:
    """Stop a key at once; a repeat changes nothing."""
    key = ApiKey.objects.select_for_update().get(pk=api_key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at", "updated_at"])
        audit.record("api_key.revoked", subject=key, actor_id=actor_id)
    return key


def touch_api_key(*, api_key_id: int, presented: str, now: datetime) -> None:
    """Note that a key was used; the call is the one moment at which it can come under a new index key."""
    ApiKey.objects.filter(pk=api_key_id).update(last_used_at=now, **_index_of(presented))


def _index_of(presented: str) -> dict[str, str]:
    return {"digest": blind_index(presented, field="api_key", tenant="all"), "index_key_id": current_key_id()}
