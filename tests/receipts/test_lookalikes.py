import pytest

from receipts.lookalikes import OTHER_FIGURES, SAME_RECEIPT, compare

PAPER = {
    "tel": "0309462817",
    "date": "2026-11-20",
    "time": "11:42",
    "total": "3442",
    "receipt_no": "00423187",
    "registration_no": "2999912345678",
}


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, SAME_RECEIPT),
        ({"receipt_no": None}, SAME_RECEIPT),
        ({"registration_no": None, "receipt_no": None}, SAME_RECEIPT),
        ({"tel": "0309462877"}, SAME_RECEIPT),
        ({"time": "11:47"}, SAME_RECEIPT),
        ({"date": "2026-11-21"}, OTHER_FIGURES),
        ({"total": "9442"}, OTHER_FIGURES),
        ({"time": "18:05", "receipt_no": "00423306"}, None),
        ({"date": "2026-11-21", "time": "18:05", "receipt_no": "00423306"}, None),
        ({"tel": "0602084471", "registration_no": "8999923456789", "receipt_no": "118204"}, None),
    ],
)
def test_papers_are_told_apart_by_their_figures(changed, kind):
    assert compare(PAPER, {**PAPER, **changed}).kind == kind


def test_what_was_not_read_says_nothing():
    assert compare(PAPER, {}).score == 0
