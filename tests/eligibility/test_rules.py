"""Each rule on its own, and rules put together; all are pure functions of stored inputs."""

from dataclasses import replace
from typing import Any

import pytest

from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.reasons import REASONS
from eligibility.rules.base import Outcome
from eligibility.rules.combine import judge, judge_rule
from eligibility.rules.duplicates import judge_duplicates

MET, UNCLEAR, FIXABLE, FAILED = Outcome.MET, Outcome.UNCLEAR, Outcome.FIXABLE, Outcome.FAILED

DOCUMENT: dict[str, Any] = {
    "entry_opens_at": "2026-10-31T15:00:00+00:00",
    "entry_closes_at": "2026-11-30T15:00:00+00:00",
    "purchase_from_on": "2026-11-01",
    "purchase_until_on": "2026-11-30",
    "entries_per_person": 2,
    "entries_per_person_a_day": 1,
    "groups": [],
    "products": [],
    "stores": [],
    "questions": [],
}
RECEIPT = ReceiptFacts(
    status="read",
    figures={"date": "2026-11-20", "total": "2500", "store_name": "まるはちマート", "branch": ""},
    items=(
        {
            "name": "ミズヒキ緑茶525ml",
            "quantity": 2,
            "price_jpy": 300,
            "discount_jpy": -50,
            "jan": None,
            "region": None,
        },
    ),
)
INPUTS = Inputs(submitted_at="2026-11-20T03:00:00+00:00", serial="accepted", reference="accepted", receipt=RECEIPT)
TEA = {"name": "ミズヒキ緑茶 525ml", "jan": "", "printed_forms": ["ミズヒキ緑茶525ml"]}
HOJICHA = {"name": "ミズヒキほうじ茶 525ml", "jan": "", "printed_forms": ["ミズヒキほうじ茶525ml"]}


def judged(document: dict[str, Any], inputs: Inputs) -> tuple[Outcome, list[str]]:
    outcome, reasons = judge(DOCUMENT | document, inputs)
    return outcome, [reason["code"] for reason in reasons]


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        ("2026-10-31T14:59:59.999999+00:00", FAILED),
        ("2026-10-31T15:00:00+00:00", MET),
        ("2026-11-01T00:00:00+09:00", MET),
        ("2026-11-30T14:59:59.999999+00:00", MET),
        ("2026-11-30T15:00:00+00:00", FAILED),
    ],
)
def test_I17_the_period_ends_before_its_closing_instant(sent, outcome):
    codes = [] if outcome == MET else ["outside_period"]

    assert judged({}, replace(INPUTS, submitted_at=sent)) == (outcome, codes)


@pytest.mark.parametrize(
    ("others", "that_day", "codes"),
    [(0, 0, []), (1, 0, []), (2, 0, ["limit_reached"]), (1, 1, ["daily_limit_reached"]), (2, 1, ["limit_reached"])],
)
def test_limits_count_the_person_s_other_entries(others, that_day, codes):
    inputs = replace(INPUTS, other_entries=others, other_entries_that_day=that_day)

    assert judged({}, inputs) == (FAILED if codes else MET, codes)


def purchase(parameters=None, document=None, **receipt) -> tuple[Outcome, list[str]]:
    inputs = replace(INPUTS, receipt=replace(RECEIPT, **receipt))
    rule = {"kind": "purchase", "parameters": parameters or {}}
    found = judge_rule(rule, DOCUMENT | (document or {}), inputs)
    return found.outcome, [reason.code for reason in found.reasons]


def figures(**changes):
    return {"figures": dict(RECEIPT.figures) | changes}


@pytest.mark.parametrize(
    ("receipt", "outcome", "code"),
    [
        ({}, MET, None),
        ({"status": "failed"}, FIXABLE, "unreadable"),
        ({"is_receipt": False}, FIXABLE, "not_a_receipt"),
        ({"is_complete": False}, FIXABLE, "receipt_cut_off"),
        ({"is_receipt": False, "is_confirmed": True}, MET, None),
        ({"looks_like_screen": True}, UNCLEAR, "screen_photo"),
        ({"looks_like_screen": True, "is_confirmed": True}, MET, None),
        ({"needs_review": True}, UNCLEAR, "reading_uncertain"),
        ({"needs_review": True, "doubts": ("tel_near_shop",)}, UNCLEAR, "tel_near_shop"),
        ({"needs_review": True, "doubts": ("registration_no_differs",)}, UNCLEAR, "registration_no_differs"),
        ({"needs_review": True, "doubts": ("shop_differs",)}, UNCLEAR, "shop_differs"),
        ({"needs_review": True, "doubts": ("unsure_tel",)}, UNCLEAR, "reading_uncertain"),
        ({"needs_review": True, "doubts": ("shop_differs",), "is_confirmed": True}, MET, None),
        (figures(date=None), FIXABLE, "date_unread"),
        (figures(date="2026-10-31"), FIXABLE, "purchased_outside_period"),
        (figures(date="2026-11-01"), MET, None),
        (figures(date="2026-11-30"), MET, None),
        (figures(date="2026-12-01"), FIXABLE, "purchased_outside_period"),
    ],
)
def test_a_receipt_has_to_be_one_that_was_read_within_the_purchase_period(receipt, outcome, code):
    assert purchase(**receipt) == (outcome, [code] if code else [])


def test_what_a_doubtful_reading_seems_to_fail_goes_to_a_person():
    outcome, codes = purchase(**figures(date="2026-10-31"), needs_review=True)

    assert (outcome, codes) == (UNCLEAR, ["reading_uncertain", "purchased_outside_period"])


def test_doubts_about_the_shop_stand_beside_others():
    doubts = ("unsure_tel", "shop_differs", "tel_near_shop")

    assert purchase(needs_review=True, doubts=doubts) == (
        UNCLEAR,
        ["tel_near_shop", "shop_differs", "reading_uncertain"],
    )


@pytest.mark.parametrize(
    ("total", "outcome", "codes"),
    [("2500", MET, []), ("2499", FIXABLE, ["spend_too_small"]), (None, FIXABLE, ["total_unread"])],
)
def test_the_receipt_s_total_has_to_reach_the_minimum(total, outcome, codes):
    assert purchase({"minimum_spend_jpy": 2500, "spend_counts": "receipt"}, **figures(total=total)) == (outcome, codes)


@pytest.mark.parametrize(("minimum", "outcome"), [(250, MET), (251, FIXABLE)])
def test_what_target_products_cost_counts_after_their_discounts(minimum, outcome):
    parameters = {"minimum_spend_jpy": minimum, "spend_counts": "target_products"}

    assert purchase(parameters, {"products": [TEA]})[0] == outcome


@pytest.mark.parametrize(
    ("products", "wanted", "outcome", "codes"),
    [
        ([], 1, MET, []),
        ([TEA], 2, MET, []),
        ([TEA, HOJICHA], 2, MET, []),
        ([TEA], 3, FIXABLE, ["quantity_too_small"]),
        ([{"name": "チョコレート", "jan": "", "printed_forms": []}], 1, FIXABLE, ["product_missing"]),
    ],
)
def test_target_products_have_to_be_on_the_receipt(products, wanted, outcome, codes):
    assert purchase({"minimum_quantity": wanted}, {"products": products}) == (outcome, codes)


@pytest.mark.parametrize(
    ("name", "confirmed", "outcome", "codes"),
    [
        ("まるはちマート", False, MET, []),
        ("ドラッグさくら", False, UNCLEAR, ["store_unclear"]),
        ("ドラッグさくら", True, FIXABLE, ["store_not_included"]),
    ],
)
def test_only_listed_shops_count_where_shops_are_listed(name, confirmed, outcome, codes):
    stores = [{"name": "まるはちマート", "telephone": "", "registration_no": ""}]

    assert purchase(None, {"stores": stores}, **figures(store_name=name), is_confirmed=confirmed) == (outcome, codes)


def test_without_a_receipt_a_purchase_is_not_proved():
    found = judge_rule({"kind": "purchase", "parameters": {}}, DOCUMENT, replace(INPUTS, receipt=None))

    assert (found.outcome, found.reasons[0].code) == (FIXABLE, "no_receipt")


QUESTION = {
    "kind": "single",
    "choices": ["a"],
    "is_required": True,
    "shown_if_question_id": None,
    "shown_if_answer": "",
}
SURVEY = [
    QUESTION | {"pk": 1},
    QUESTION | {"pk": 2, "is_required": False},
    QUESTION | {"pk": 3, "shown_if_question_id": 1, "shown_if_answer": "a"},
]


@pytest.mark.parametrize(
    ("kind", "inputs", "outcome", "code"),
    [
        ("serial", {}, MET, None),
        ("serial", {"serial": "refused"}, FIXABLE, "serial_not_accepted"),
        ("serial", {"serial": "absent"}, FIXABLE, "serial_not_accepted"),
        ("reference", {}, MET, None),
        ("reference", {"reference": "refused"}, FIXABLE, "reference_not_accepted"),
        ("survey", {}, FIXABLE, "survey_incomplete"),
        ("survey", {"answers": {"1": ["b"]}}, MET, None),
        ("survey", {"answers": {"1": ["a"]}}, FIXABLE, "survey_incomplete"),
        ("survey", {"answers": {"1": ["a"], "3": ["a"]}}, MET, None),
        ("survey", {"answers": {"1": [], "3": ["a"]}}, FIXABLE, "survey_incomplete"),
        ("line_friend", {"line_is_friend": True}, MET, None),
        ("line_friend", {"line_is_friend": False}, FIXABLE, "not_a_friend"),
        ("line_friend", {"line_is_friend": None}, FIXABLE, "not_a_friend"),
        ("x_follow", {"x": {"follows": True}}, MET, None),
        ("x_follow", {"x": {}}, FIXABLE, "not_following"),
        ("x_follow", {"x": {"follows": True, "is_protected": True}}, FIXABLE, "account_protected"),
        ("x_follow", {"x": {"follows": True, "is_suspended": True}}, FAILED, "account_suspended"),
    ],
)
def test_numbers_answers_and_accounts(kind, inputs, outcome, code):
    document = DOCUMENT | {"questions": SURVEY}

    found = judge_rule({"kind": kind, "parameters": {}}, document, replace(INPUTS, **inputs))

    assert (found.outcome, [reason.code for reason in found.reasons]) == (outcome, [code] if code else [])


def test_a_kind_that_nobody_knows_is_a_fault_and_not_a_yes():
    with pytest.raises(ValueError, match="no rule of kind"):
        judge_rule({"kind": "moon_phase", "parameters": {}}, DOCUMENT, INPUTS)


@pytest.mark.parametrize(
    ("receipt", "outcome", "code"),
    [
        ({}, MET, None),
        ({"is_used_elsewhere": True}, FIXABLE, "receipt_already_used"),
        ({"is_used_elsewhere": True, "needs_review": True}, UNCLEAR, "looks_like_another"),
        ({"is_used_elsewhere": True, "needs_review": True, "is_confirmed": True}, FIXABLE, "receipt_already_used"),
        ({"look_alike": "id"}, UNCLEAR, "looks_like_another"),
        ({"look_alike": "id", "is_confirmed": True}, MET, None),
    ],
)
def test_I16_the_same_paper_is_refused_and_a_similar_one_looked_at(receipt, outcome, code):
    found = judge_duplicates(replace(INPUTS, receipt=replace(RECEIPT, **receipt)))

    assert (found.outcome, [reason.code for reason in found.reasons]) == (outcome, [code] if code else [])


def group(combination: str, *kinds: str, minimum: int = 1) -> dict[str, Any]:
    rules = [{"kind": kind, "parameters": {}} for kind in kinds]
    return {"combination": combination, "minimum_count": minimum, "rules": rules}


GOOD, FIX, WORSE = "serial", "line_friend", "x_follow"  # met, can be mended, cannot
MIXED = replace(INPUTS, line_is_friend=False, x={"is_suspended": True})


@pytest.mark.parametrize(
    ("groups", "outcome", "codes"),
    [
        ([], MET, []),
        ([group("all", GOOD, "reference")], MET, []),
        ([group("all", GOOD, FIX)], FIXABLE, ["not_a_friend"]),
        ([group("all", FIX, WORSE)], FAILED, ["account_suspended"]),
        ([group("any", FIX, GOOD)], MET, []),
        ([group("any", FIX, WORSE)], FIXABLE, ["not_a_friend"]),
        ([group("at_least", GOOD, FIX, "reference", minimum=2)], MET, []),
        ([group("at_least", GOOD, FIX, WORSE, minimum=2)], FIXABLE, ["not_a_friend"]),
        ([group("at_least", GOOD, FIX, WORSE, minimum=3)], FAILED, ["account_suspended"]),
        ([group("any", GOOD, FIX), group("all", GOOD, FIX)], FIXABLE, ["not_a_friend"]),
        ([group("all", FIX), group("all", WORSE)], FAILED, ["account_suspended"]),
    ],
)
def test_groups_are_as_good_as_the_rules_they_need(groups, outcome, codes):
    assert judged({"groups": groups}, MIXED) == (outcome, codes)


def test_only_the_worst_reasons_are_given():
    inputs = replace(MIXED, other_entries=9)

    assert judged({"groups": [group("all", FIX)]}, inputs) == (FAILED, ["limit_reached"])


def test_every_reason_that_rules_give_has_a_sentence_and_a_fix():
    given = {"outside_period", "limit_reached", "daily_limit_reached", "no_receipt", "unreadable", "not_a_receipt"}
    given |= {"receipt_cut_off", "screen_photo", "reading_uncertain", "date_unread", "purchased_outside_period"}
    given |= {"store_unclear", "store_not_included", "product_unclear", "quantity_too_small", "product_missing"}
    given |= {"tel_near_shop", "registration_no_differs", "shop_differs"}
    given |= {"total_unread", "spend_too_small", "receipt_already_used", "looks_like_another", "serial_not_accepted"}
    given |= {"reference_not_accepted", "survey_incomplete", "not_a_friend", "not_following", "account_protected"}

    assert given | {"account_suspended"} <= set(REASONS)


@pytest.mark.parametrize(
    ("changes", "judged_as"),
    [
        ({"tax": "227"}, (MET, [])),
        ({"tax": "228"}, (FIXABLE, ["spend_too_small"])),
        ({"tax": None}, (UNCLEAR, ["reading_uncertain"])),
        ({"tax": "227", "total": None}, (FIXABLE, ["total_unread"])),
    ],
)
def test_a_minimum_before_tax_takes_the_tax_off_the_total(changes, judged_as):
    parameters = {"minimum_spend_jpy": 2273, "spend_counts": "receipt_before_tax"}

    assert purchase(parameters, **figures(**changes)) == judged_as


@pytest.mark.parametrize(
    ("words", "minimum", "judged_as"),
    [
        (["リョクチャ", "緑茶"], 250, (MET, [])),
        (["緑茶"], 251, (FIXABLE, ["spend_too_small"])),
        (["ビール"], 0, (FIXABLE, ["product_missing"])),
    ],
)
def test_a_word_of_a_category_makes_a_line_count_once(words, minimum, judged_as):
    counts = {"minimum_quantity": 2, "minimum_spend_jpy": minimum, "spend_counts": "target_products"}

    assert purchase(counts | {"categories": words}) == judged_as
    if words != ["ビール"]:
        assert purchase(counts | {"categories": words}, {"products": [TEA]}) == judged_as  # matched twice, counted once
