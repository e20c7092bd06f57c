"""One number has one form, however it is typed."""

import pytest

from core.text import canonical_number, canonical_numbers, has_controls, mask


@pytest.mark.parametrize(
    "typed",
    [
        "MZHK2026DEMO001",
        "mzhk-2026-demo-001",
        " mzhk 2026 demo 001 ",
        "ＭＺＨＫ２０２６ＤＥＭＯ００１",
        "MZHK‐2026–DEMO—001",
        "MZHK−2026ーDEMO_001",
        "MZHK　2026　DEMO　001",
    ],
)
def test_spellings_of_a_number_have_one_form(typed):
    assert canonical_number(typed) == "MZHK2026DEMO001"


def test_other_numbers_stay_apart():
    assert len({canonical_number(typed) for typed in ("AB12", "AB21", "A812", "AB1２3")}) == 4


@pytest.mark.parametrize(
    "typed",
    [[], [""], ["AB12", "CD34"], ["AB12", "cd34"], ["AB12", "C-34"], ["AB12", ""], ["ＡＢ", "ab", "A B"]],
)
def test_many_have_the_forms_that_each_has_alone(typed):
    assert list(canonical_numbers(typed)) == [canonical_number(one) for one in typed]


@pytest.mark.parametrize("control", ["\x00", "\n", "\x7f", "\u200b", "\u202e", "\u2066", "\ufeff", "\u2028"])
def test_invisible_signs_are_noticed(control):
    assert has_controls(f"taro{control}@example.jp")


@pytest.mark.parametrize("text", ["taro@example.jp", "山田 太郎", "髙﨑🎁", ""])
def test_visible_text_has_no_controls(text):
    assert not has_controls(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("hanako@example.jp", "ha****@example.jp"), ("a@example.jp", "a***@example.jp"), ("AB123456", "AB******")],
)
def test_a_mask_shows_two_letters_and_the_domain(text, shown):
    assert mask(text) == shown
