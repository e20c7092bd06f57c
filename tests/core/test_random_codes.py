"""Codes for people: every usual slip at typing is noticed."""

from hypothesis import given
from hypothesis import strategies as st

from core.random_codes import ALPHABET, has_valid_check, random_code, random_symbols

codes = st.integers(8, 24).map(random_code)


@given(codes)
def test_every_single_wrong_symbol_is_caught(code):
    slips = [
        f"{code[:place]}{wrong}{code[place + 1 :]}"
        for place in range(len(code))
        for wrong in ALPHABET
        if wrong != code[place]
    ]

    assert has_valid_check(code)
    assert [slip for slip in slips if has_valid_check(slip)] == []


@given(codes)
def test_every_swap_of_two_neighbours_is_caught(code):
    slips = [
        f"{code[:place]}{code[place + 1]}{code[place]}{code[place + 2 :]}"
        for place in range(len(code) - 1)
        if code[place] != code[place + 1]
    ]

    assert [slip for slip in slips if has_valid_check(slip)] == []


def test_no_check_symbol_is_one_that_is_never_printed():
    assert {symbol for _code in range(300) for symbol in random_code(8)} <= set(ALPHABET)


def test_foreign_symbols_and_fragments_have_no_valid_check():
    assert [text for text in ("", "A", "2O", "２３４", random_code()[:-1] + "*") if has_valid_check(text)] == []


def test_codes_are_as_long_as_asked_and_differ():
    made = {random_code(16) for _number in range(500)}

    assert len(made) == 500
    assert {len(code) for code in made} == {16}


def test_no_symbol_is_favoured():
    drawn = random_symbols(30_000)

    assert {symbol for symbol in ALPHABET if not 800 < drawn.count(symbol) < 1200} == set()
