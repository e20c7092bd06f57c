"""I20: money is whole yen, in the models and in the database's own columns."""

from django.apps import apps
from django.db import connection
from django.db.models import BigIntegerField, IntegerField


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
