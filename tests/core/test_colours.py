import pytest

from core.colours import contrast, is_hex_colour


def test_contrast_runs_from_one_to_twenty_one_in_either_order() -> None:
    assert contrast("#FFFFFF", "#FFFFFF") == 1
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(
        4.54, abs=0.005
    )  # the lightest readable grey of WCAG's notes


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#123456\n", "#123456;color:red", "＃123456"])
def test_only_six_hex_digits_are_a_colour(text: str) -> None:
    assert not is_hex_colour(text)
    assert is_hex_colour("#B3202a")
