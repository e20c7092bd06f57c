"""Contacts and typed numbers come under a new index key; `codes` calls this for all apps in one work."""

from core.reindexing import Reindexed, reindex_rows
from participants.models import Identity, TypedProof
from participants.selectors import identity_index, identity_value, number_index, typed_number


def reindex_contacts(*, after: int) -> Reindexed:
    """Index the next contacts behind a key anew; those whose text was erased keep their hash and its key (I18).

    Raises:
        KeyUnavailable: the key that seals one of them is not loaded.
    """
    contacts = Identity.objects.exclude(value_ciphertext="")
    return reindex_rows(contacts, "value_index", _index_of_contact, after=after)


def reindex_typed_numbers(*, after: int) -> Reindexed:
    """Index the next typed numbers behind a key anew; raises as `reindex_contacts`."""
    numbers = TypedProof.objects.exclude(value_ciphertext="").select_related("entry")
    return reindex_rows(numbers, "value_index", _index_of_number, after=after)


def _index_of_contact(row: Identity) -> str:
    return identity_index(agency_id=row.agency_id, kind=row.kind, value=identity_value(row))


def _index_of_number(row: TypedProof) -> str:
    return number_index(campaign_id=row.entry.campaign_id, kind=row.kind, number=typed_number(row))
