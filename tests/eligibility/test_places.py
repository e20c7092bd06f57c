"""Where on the photograph each reason shows, and what the desk says to look at."""

from dataclasses import replace

import pytest

from eligibility.admin.forms import NOT_CHOSEN, VerdictForm
from eligibility.admin.reviewing_help import FIGURE_OF, LOOK_AT, reasons_to_review
from eligibility.places import around
from eligibility.reasons import REASONS, TO_REVIEW
from eligibility.rules.combine import judge_rule
from tests.eligibility.test_rules import DOCUMENT, INPUTS, RECEIPT, TEA


def box(top, photo=0):
    return {"photo": photo, "polygon": [[10, top], [90, top + 1], [90, top + 12], [10, top + 11]]}


def place_of(code, document=None, **receipt):
    inputs = replace(INPUTS, receipt=replace(RECEIPT, **receipt))
    found = judge_rule({"kind": "purchase", "parameters": {}}, DOCUMENT | (document or {}), inputs)
    (reason,) = [reason for reason in found.reasons if reason.code == code]
    return reason.region


@pytest.mark.parametrize(
    ("code", "key"),
    [("tel_near_shop", "tel"), ("registration_no_differs", "registration_no"), ("shop_differs", "store_name")],
)
def test_a_doubt_about_the_shop_shows_the_figure_that_raised_it(code, key):
    assert place_of(code, needs_review=True, doubts=(code,), regions={key: box(40)}) == box(40)


@pytest.mark.parametrize(
    ("regions", "place"),
    [
        ({"store_name": box(10), "tel": box(20)}, box(10)),
        ({"store_name": None, "tel": box(20)}, box(20)),
        ({"registration_no": box(30)}, box(30)),
        ({}, None),
    ],
)
def test_a_shop_known_by_its_telephone_shows_the_telephone(regions, place):
    document = {"stores": [{"name": "べつの店"}]}

    assert place_of("store_not_included", document, is_confirmed=True, regions=regions) == place
    assert place_of("store_unclear", document, regions=regions) == place


def test_a_missing_product_shows_the_lines_that_were_looked_through():
    items = [{"name": "パン", "quantity": 1, "price_jpy": 100, "discount_jpy": 0, "jan": None}] * 3
    items = [item | {"region": region} for item, region in zip(items, (box(100), None, box(160)), strict=True)]

    place = place_of("product_missing", {"products": [TEA]}, items=tuple(items))

    assert place == {"photo": 0, "polygon": [[10, 100], [90, 100], [90, 172], [10, 172]]}


def test_the_box_is_on_the_photograph_that_holds_most_places():
    assert around([box(10, photo=1), box(10), box(30, photo=1), None, {"photo": 2, "polygon": []}])["photo"] == 1
    assert around([None, {}]) is None
    assert around([]) is None


def test_why_a_person_looks_is_never_offered_as_an_outcome():
    choices = VerdictForm().fields
    offered = {code for name in ("sent_back_reason", "refused_reason") for code, _text in choices[name].choices}

    assert not offered & TO_REVIEW
    assert offered - {""} == {*REASONS} - NOT_CHOSEN | {"refused_by_desk"}


def test_each_reason_to_review_says_what_to_look_at():
    assert {*LOOK_AT} == TO_REVIEW - {"suspected_ring", "taken_back_by_desk"}  # the ring has a table of its own
    assert {*FIGURE_OF} <= {*REASONS}
    (told,) = reasons_to_review([{"code": "tel_near_shop", "rule": "group", "region": None}], None)
    assert "1桁だけ違います" in told["look"]
    assert told["field"] == ""
