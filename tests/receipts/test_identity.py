import pytest

from receipts.ocr.parsing.identity import find_receipt_number, find_registration, find_tel, has_valid_check_digit
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import lines_of


def rows(text: str):
    return rows_of(lines_of(text))


@pytest.mark.parametrize(
    ("printed", "tel"),
    [
        ("TEL 03-0946-2817", "03-0946-2817"),
        ("TEL(082)785-6677", "082-785-6677"),
        ("℡ 072.511.7577", "072-511-7577"),
        ("電話:0798-93-3403", "0798-93-3403"),
        ("TEL 0120-000-111", "0120-000-111"),
        ("090-1234-5678", "090-1234-5678"),
        ("TEL O3-O946-28l7", "03-0946-2817"),
        ("桜台店  203-0946-2817", "03-0946-2817"),  # ☎ read as a digit
    ],
)
def test_a_telephone_number_is_read(printed, tel):
    assert find_tel(rows(printed)).value == tel


def test_the_shop_s_number_wins_over_fax_and_service_lines():
    found = find_tel(rows("FAX 03-0946-2818\nお客様相談室 0120-000-111\nTEL 03-0946-2817"))

    assert found.value == "03-0946-2817"


@pytest.mark.parametrize(
    "printed", ["FAX 03-0946-2818", "会員番号 0946281700", "00-1234-5678", "03-0946-281", "2103-0946-2817"]
)
def test_what_is_no_telephone_number_is_left(printed):
    assert find_tel(rows(printed)) is None


@pytest.mark.parametrize(
    "printed", ["登録番号 T2999912345678", "登録番号:12999912345678", "T2999912345678", "登録番号  72999912345678"]
)
def test_a_registration_number_is_read_with_its_t_misread(printed):
    assert find_registration(rows(printed)).value == "T2999912345678"


def test_a_barcode_is_no_registration_number():
    assert find_registration(rows("4901234567894")) is None


def test_the_check_digit_is_judged_and_never_repaired():
    found = find_registration(rows("登録番号 T3999912345678"))

    assert found.value == "T3999912345678"
    assert not has_valid_check_digit(found.value)
    assert has_valid_check_digit("T2999912345678")


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("レシートNo.0042-3187", "0042-3187"),
        ("取引番号:81928  係:20", "81928"),
        ("伝票 27548  2名様", "27548"),
        ("レジ001-224531", "224531"),
        ("No.6369 担当 森", "6369"),
        ("レシート番号  5582-44741", "5582-44741"),
        ("伝票番号: A384051", "A384051"),
        ("R-0192837", "0192837"),
        ("No 0312", "0312"),
        ("伝票播号: A767670", "A767670"),
        ("レジ:0003  取引|:7601", "7601"),
        ("レシート7795.4470", "7795-4470"),
        ("レシートNb.556120", "556120"),
    ],
)
def test_a_receipt_number_is_read_by_its_label(printed, number):
    assert find_receipt_number(rows(printed)).value == number


@pytest.mark.parametrize(
    "printed", ["会員番号 2900112233445", "登録番号 T2999912345678", "TEL 045-0123-456", "合計 1,234"]
)
def test_other_numbers_are_no_receipt_number(printed):
    assert find_receipt_number(rows(printed)) is None


def test_the_more_telling_label_wins():
    assert find_receipt_number(rows("No.12345\n取引番号 88-77001")).value == "88-77001"
