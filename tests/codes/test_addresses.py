"""How addresses are written, refused, and told apart."""

import pytest

from codes.address_errors import AddressNotAccepted
from codes.addresses import PREFECTURES, accepted_address, address_of, address_text, dwelling
from tests.worlds import address


def test_an_address_has_one_writing_however_it_was_typed():
    typed = address(
        name="　水引　　花子 ",
        postal_code="〒１５０−０００１",
        street="神宮前２ー３－４",
        building="ｺｰﾎﾟ山田　４０５号室",
        phone="(+81) 90‐1234‐5678".replace("(+81) ", "+81"),
    )

    found = accepted_address(typed)

    assert (found.name, found.postal_code, found.postal_code_written) == ("水引 花子", "1500001", "150-0001")
    assert (found.street, found.building, found.phone) == ("神宮前2-3-4", "コーポ山田 405号室", "09012345678")
    assert address_of(address_text(found)) == found
    assert found.masked == "東京都 水***"
    assert "水引" not in repr(found)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("神宮前一丁目二番三号", "神宮前1丁目2番3号"),
        ("三番町五番地二十", "三番町5番地二十"),  # the name of the town stays
        ("六本木二十三丁目", "六本木23丁目"),
        ("千日前百二番地", "千日前102番地"),
        ("センター北1-2", "センター北1-2"),  # a long vowel is no hyphen
    ],
)
def test_numerals_that_count_are_digits_and_those_of_names_stay(typed, written):
    assert accepted_address(address(street=typed)).street == written


@pytest.mark.parametrize(
    ("field", "typed", "code"),
    [
        ("name", "　", "address_part_missing"),
        ("name", "花" * 41, "address_text_not_accepted"),
        ("city", "渋谷区\u202e", "address_text_not_accepted"),
        ("street", "", "address_part_missing"),
        ("postal_code", "150-001", "postal_code_not_accepted"),
        ("postal_code", "150-00011", "postal_code_not_accepted"),
        ("postal_code", "", "address_part_missing"),
        ("prefecture", "東京", "prefecture_not_accepted"),
        ("phone", "1234567890", "phone_not_accepted"),
        ("phone", "090-1234-567\n8x", "address_text_not_accepted"),
        ("phone", "0312345", "phone_not_accepted"),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_field(field, typed, code):
    with pytest.raises(AddressNotAccepted) as refused:
        accepted_address(address(**{field: typed}))

    assert {name: problem.code for name, problem in refused.value.problems.items()} == {field: code}
    assert refused.value.context == {"fields": {field: code}}  # what goes to the log holds nothing typed
    assert str(refused.value.problems[field])


SAME = [
    {"street": "神宮前1-2-3"},
    {"street": "神宮前１丁目２−３"},
    {"street": "神宮前 一丁目2番地3"},
    {"street": "神宮前1丁目2番地の3"},
    {"name": "別姓 太郎", "phone": "0312345678"},
    {"city": "渋谷区 "},
]
OTHER = [
    {"street": "神宮前1-2-4"},
    {"street": "神宮前12-3"},
    {"postal_code": "150-0002"},
    {"building": "コーポ山田405"},
    {"street": "原宿1-2-3"},
]


@pytest.mark.parametrize("changed", SAME)
def test_one_dwelling_is_known_in_every_writing(changed):
    assert dwelling(accepted_address(address(**changed))) == dwelling(accepted_address(address()))


@pytest.mark.parametrize("changed", OTHER)
def test_two_dwellings_are_never_one(changed):
    assert dwelling(accepted_address(address(**changed))) != dwelling(accepted_address(address()))


def test_a_flat_is_the_same_with_and_without_the_name_of_its_house():
    flats = [
        {"building": "コーポ山田405号室"},
        {"building": "４０５"},
        {"building": "山田ハイツ 四〇五号"},
        {"street": "神宮前1-2-3-405"},
    ]

    assert len({dwelling(accepted_address(address(**flat))) for flat in flats}) == 1


def test_towns_are_one_with_a_small_or_a_large_ke():
    streets = ["霞ヶ関1-1", "霞ケ関1-1", "霞が関1-1", "大字霞ヶ関1番地1"]

    assert len({dwelling(accepted_address(address(street=street))) for street in streets}) == 1


def test_the_prefectures_are_all_forty_seven():
    assert len(set(PREFECTURES)) == 47


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("09012345678", "090-1234-5678"),
        ("０５０－１２３４－５６７８", "050-1234-5678"),
        ("0312345678", "03-1234-5678"),
        ("06-1234-5678", "06-1234-5678"),
        ("0120123456", "0120-123-456"),
        ("0751234567", "075-123-4567"),
        ("+819012345678", "090-1234-5678"),
    ],
)
def test_a_telephone_number_on_a_parcel_keeps_its_first_zero_in_a_spreadsheet(typed, written):
    assert accepted_address(address(phone=typed)).phone_written == written
