import pytest

from bench.figures import Figure


@pytest.mark.parametrize(
    ("figure", "line", "is_met"),
    [
        (Figure("second_start", 3.21987, "s", "<= 5"), "second_start 3.22 s (<= 5)", True),
        (Figure("second_start", 5.1, "s", "<= 5"), "second_start 5.1 s (<= 5, MISSED)", False),
        (Figure("rate", 5, "1/s", ">= 5"), "rate 5 1/s (>= 5)", True),
        (Figure("cold_start", 61.5, "s"), "cold_start 61.5 s", True),
    ],
)
def test_a_figure_says_its_goal_and_whether_it_is_missed(figure, line, is_met):
    assert str(figure) == line
    assert figure.is_met is is_met
