"""What a postal code tells, by the table of Japan Post, and when it does not seem to fit."""

import pytest

from codes.address_errors import PostalCodeElsewhere, PostalCodeUnknown
from codes.addresses import accepted_address
from codes.postal_codes import Place, place_doubt, place_of, places_of
from tests.worlds import address


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("1500001", Place("東京都", "渋谷区", "神宮前")),
        ("0200000", Place("岩手県", "盛岡市", "")),  # 以下に掲載がない場合 is no town
        ("6028368", Place("京都府", "京都市上京区", "北町")),  # what stands in brackets is none either
        ("4520961", Place("愛知県", "清須市", "")),  # several towns
        ("4980000", Place("", "", "")),  # places in two prefectures
        ("0000000", None),
    ],
)
def test_a_code_tells_what_its_places_have_in_common(code, place):
    assert place_of(code) == place


def test_a_code_of_one_office_tells_its_street_too():
    assert places_of("1008111") == [Place("東京都", "千代田区", "千代田1-1")]


@pytest.mark.parametrize(
    ("postal_code", "prefecture", "doubt"),
    [
        ("1500001", "東京都", None),
        ("1500001", "大阪府", PostalCodeElsewhere),
        ("4980000", "愛知県", None),
        ("4980000", "三重県", None),
        ("4980000", "東京都", PostalCodeElsewhere),
        ("0000000", "東京都", PostalCodeUnknown),
    ],
)
def test_a_code_of_another_prefecture_or_of_none_is_doubted(postal_code, prefecture, doubt):
    found = place_doubt(accepted_address(address(postal_code=postal_code, prefecture=prefecture)))

    assert type(found) is (type(None) if doubt is None else doubt)


def test_a_doubt_says_whose_code_it_is():
    doubt = place_doubt(accepted_address(address(postal_code="4980000")))

    assert (doubt.code, doubt.prefectures) == ("postal_code_elsewhere", ["三重県", "愛知県"])
    assert "三重県・愛知県のものです" in str(doubt)
