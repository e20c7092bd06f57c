"""Sealed values open for their own row and nowhere else."""

import uuid

import pytest

from core.crypto import IndexHasher, blind_index, decrypt, decrypt_bytes, derive_token, encrypt, encrypt_bytes
from core.errors import KeyUnavailable, SecretDamaged

ROW, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


def sealed(plain: str = "CANARY", row: object = ROW) -> str:
    return encrypt(plain, table="gift_code", column="code", row=row)


@pytest.mark.parametrize("plain", ["", "CANARY0001", "ギフト🎁", "a" * 10_000])
def test_a_sealed_value_opens_for_its_row(plain):
    assert decrypt(sealed(plain), table="gift_code", column="code", row=ROW) == plain


def test_sealing_twice_gives_two_texts_that_hold_nothing_readable():
    one, other = sealed(), sealed()

    assert one != other
    assert "CANARY" not in one
    assert one.startswith("v1:test1:")


@pytest.mark.parametrize(
    "place",
    [
        {"table": "gift_code", "column": "code", "row": OTHER},
        {"table": "gift_code", "column": "pin", "row": ROW},
        {"table": "identity", "column": "code", "row": ROW},
    ],
)
def test_T22_a_value_moved_to_another_row_column_or_table_does_not_open(place):
    with pytest.raises(SecretDamaged):
        decrypt(sealed(), **place)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "v1:test1:x",
        lambda text: text + "AAAA",
        lambda text: text.replace("v1:test1:", "v1:test1:AAAA"),
        lambda text: text[:-6] + ("B" if text[-6] != "B" else "C") + text[-5:],
        lambda text: f"{text}:more",
    ],
)
def test_T22_an_altered_value_does_not_open(damage):
    with pytest.raises(SecretDamaged):
        decrypt(damage(sealed()), table="gift_code", column="code", row=ROW)


def test_F28_a_value_under_a_key_that_is_not_loaded_says_so():
    with pytest.raises(KeyUnavailable) as refused:
        decrypt(sealed().replace(":test1:", ":lost9:"), table="gift_code", column="code", row=ROW)

    assert refused.value.context == {"key_id": "lost9"}


def test_files_are_sealed_for_their_row_too():
    stored = encrypt_bytes(b"\x00\xff jpeg", table="receipt_photo", column="file", row=ROW)

    assert decrypt_bytes(stored, table="receipt_photo", column="file", row=ROW) == b"\x00\xff jpeg"
    with pytest.raises(SecretDamaged):
        decrypt_bytes(stored, table="receipt_photo", column="file", row=OTHER)


def test_an_index_is_the_same_for_a_value_and_differs_by_value_field_and_tenant():
    base = blind_index("taro@example.jp", field="identity.email", tenant=1)

    assert base == blind_index("taro@example.jp", field="identity.email", tenant=1)
    assert len(base) == 64
    others = {
        blind_index("jiro@example.jp", field="identity.email", tenant=1),
        blind_index("taro@example.jp", field="identity.line", tenant=1),
        blind_index("taro@example.jp", field="identity.email", tenant=2),
    }
    assert len(others | {base}) == 4


def test_many_have_the_indexes_that_each_has_alone():
    hasher = IndexHasher(field="gift_code", tenant=1)
    many = ["AB12", "CD34", "AB12"]

    assert hasher.index_many(many) == [blind_index(one, field="gift_code", tenant=1) for one in many]


def test_tokens_are_derived_the_same_way_again_and_tell_purposes_apart():
    token = derive_token(ROW, purpose="claim")

    assert token == derive_token(ROW, purpose="claim")
    assert (len(token), token.isalnum(), token.islower()) == (26, True, True)
    assert token not in {derive_token(OTHER, purpose="claim"), derive_token(ROW, purpose="other")}
