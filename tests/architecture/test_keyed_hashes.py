"""Whatever is found by a keyed hash is known by the type of its column, and no change of the index key forgets it."""

import ast

from django.apps import apps

from codes.models import OfflineDispute, Redemption, Tombstone
from codes.services.index_keys import TABLES
from core.keyed_fields import keyed_fields
from tests.architecture.source import APPS, parse, place, python_files

HASHING = {"blind_index", "blind_indexes", "IndexHasher"}
NOT_STORED = {"review_sample", "presentation"}  # drawn or sealed with at the moment, and compared at once
IN_THE_JOURNAL = {"pos_transaction"}  # stands in columns that otherwise hold a till's own number


def keyed_models():
    return {model: fields for model in apps.get_models() if (fields := keyed_fields(model))}


def test_every_table_with_a_keyed_hash_is_part_of_the_change_of_the_index_key():
    assert {*keyed_models(), OfflineDispute, Redemption, Tombstone} == {table.model for table in TABLES}
    assert len({table.name for table in TABLES}) == len(TABLES)


def test_the_key_of_every_hash_stands_beside_it():
    for model, fields in keyed_models().items():
        for field in fields:
            assert field.hashes
            assert model._meta.get_field(field.key_column).get_internal_type() == "CharField"


def test_a_column_that_is_named_like_a_keyed_hash_is_of_that_type():
    plain = [
        str(field)
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name.endswith(("_index", "digest", "fingerprint"))
        and field.get_internal_type() == "CharField"
        and field not in keyed_fields(model)
        and model._meta.app_label in APPS
    ]

    assert plain == []


def test_every_place_that_hashes_names_a_declared_column():
    declared = {field.hashes for fields in keyed_models().values() for field in fields}
    named = set()
    for path in python_files(*APPS, "core"):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HASHING:
                values = [keyword.value for keyword in node.keywords if keyword.arg == "field"]
                assert values, place(path, node)
                named.add(_name(values[0]))

    assert named - {"", "FIELD"} == declared - {"gift_code"} | NOT_STORED | IN_THE_JOURNAL


def test_nothing_hashes_with_an_index_key_by_another_way():
    users = {
        place(path).split(":")[0]
        for path in python_files(*APPS, "core")
        if any(isinstance(node, ast.Name) and node.id == "index_key" for node in ast.walk(parse(path)))
    }

    assert users == {"core/crypto.py"}


def _name(value: ast.expr) -> str:
    """Give what stands before the first dot of a field's name; of `field=field` nothing, of a constant its name."""
    if isinstance(value, ast.Constant):
        return str(value.value).partition(".")[0]
    if isinstance(value, ast.JoinedStr) and isinstance(value.values[0], ast.Constant):
        return str(value.values[0].value).partition(".")[0]
    return value.id if isinstance(value, ast.Name) and value.id.isupper() else ""
