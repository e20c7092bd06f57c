"""Asked of every table, a new one as well: money is whole yen (I20), and what is to be sealed is sealed (I12)."""

from django.apps import apps
from django.db import connection
from django.db.models import BigIntegerField, IntegerField, Q

from codes.models import GiftCode, Household
from core.sealed_fields import SealedText, sealed_fields
from journeys.audit.naming import name_rows

KEYED_HASH = r"^([0-9a-f]{64}|discarded:.*)$"


def values_in_clear() -> list[str]:
    """Name the rows with a text in a sealed column that nothing has sealed, or in clear where its hash belongs."""
    found = name_rows(GiftCode.objects.exclude(code_index__regex=KEYED_HASH))
    found += name_rows(Household.objects.exclude(address_index__regex=KEYED_HASH))
    for model in apps.get_models():
        for field in sealed_fields(model):
            if isinstance(field, SealedText):
                sealed = Q(**{f"{field.name}__startswith": "v1:"}) | Q(**{f"{field.name}__startswith": "v2:"})
                found += name_rows(model._default_manager.exclude(sealed).exclude(**{field.name: ""}))
    return found


def money_that_is_no_integer() -> list[str]:
    """Name the columns that hold yen in another type than an integer."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            money = [field for field in model._meta.concrete_fields if field.name.endswith("_jpy")]
            if not money:
                continue
            table = model._meta.db_table
            columns = {column.name: column for column in connection.introspection.get_table_description(cursor, table)}
            for field in money:
                kind = connection.introspection.get_field_type(columns[field.column].type_code, columns[field.column])
                if not isinstance(field, IntegerField | BigIntegerField) or "Integer" not in str(kind):
                    found.append(f"{table}.{field.column}")
    return found
