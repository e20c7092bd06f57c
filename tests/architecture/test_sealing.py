"""Whatever a master key seals is known by the type of its column, and no change of the key forgets it."""

import ast

from django.apps import apps
from django.db import models

from codes.services.master_keys import TABLES
from core.sealed_fields import SealedFile, sealed_fields
from tests.architecture.source import APPS, parse, place, python_files

SEALING = {"encrypt", "decrypt", "encrypt_bytes", "decrypt_bytes", "store_photo", "load_photo"}
KEPT_FOR_A_DAY = {"held_file"}  # counted by `rotate_keys status`, and never sealed anew


def sealed_models() -> dict[type[models.Model], list]:
    return {model: fields for model in apps.get_models() if (fields := sealed_fields(model))}


def test_every_table_with_a_sealed_column_is_part_of_the_change_of_the_master_key():
    assert set(sealed_models()) == {table.model for table in TABLES}
    assert len({table.name for table in TABLES}) == len(TABLES)


def test_a_column_that_is_named_like_a_sealed_one_is_of_that_type():
    plain = [
        str(field)
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name.endswith(("_ciphertext", "_sealed", "file_name")) and field not in sealed_fields(model)
    ]

    assert plain == []


def test_a_file_s_key_stands_beside_its_name():
    for model, fields in sealed_models().items():
        for field in fields:
            assert field.seal_table
            if isinstance(field, SealedFile):
                assert model._meta.get_field(f"{field.name}_key").get_internal_type() == "CharField"


def test_every_place_that_seals_names_a_declared_column():
    declared = {field.seal_table for fields in sealed_models().values() for field in fields}
    tables = {
        place(path, node): keyword.value.value
        for path in python_files(*APPS, "core")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SEALING
        for keyword in node.keywords
        if keyword.arg == "table" and isinstance(keyword.value, ast.Constant)
    }

    assert set(tables.values()) == declared | KEPT_FOR_A_DAY


def test_nothing_seals_by_another_way_than_the_functions_that_name_their_column():
    """A cipher of one's own would be seen by neither test above."""
    users = {
        place(path).split(":")[0]
        for path in python_files(*APPS, "core")
        if any(isinstance(node, ast.Name) and node.id == "AESGCM" for node in ast.walk(parse(path)))
    }

    assert users == {"core/crypto.py", "codes/sealing.py"}
