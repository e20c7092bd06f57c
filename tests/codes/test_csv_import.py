"""Code files as suppliers and spreadsheets make them."""

import pytest

from codes import csv_import
from codes.csv_import import CodeRow, look_over, parse_code_file
from codes.errors import FileNotAccepted, RowProblem


def parse(text: str, encoding: str = "utf-8"):
    return parse_code_file(text.encode(encoding))


def reason(data: bytes) -> str:
    with pytest.raises(FileNotAccepted) as refused:
        parse_code_file(data)
    return refused.value.reason


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig"), ("cp932", "cp932"), ("utf-16", "utf-16")],
)
def test_usual_encodings_are_read(encoding, named):
    parsed = parse("コード,備考\r\nABCD-1234,①髙\r\n", encoding)

    assert (parsed.encoding, parsed.rows, parsed.problems) == (named, [CodeRow(2, "ABCD-1234")], [])


def test_big_endian_with_its_mark_is_read():
    assert parse_code_file(b"\xfe\xff" + "code\nABCD1234\n".encode("utf-16-be")).rows == [CodeRow(2, "ABCD1234")]


def test_code_pin_and_link_are_found_by_their_headers_in_any_order():
    parsed = parse("URL,PIN,Code\nhttps://gift.example/1,0042,ABCD1234\n")

    assert parsed.rows == [CodeRow(2, "ABCD1234", pin="0042", url="https://gift.example/1")]


def test_a_file_of_links_with_card_numbers_and_last_days_is_read():
    parsed = parse("受取URL,カード番号,有効期限\nhttps://pay.example/Ab_1,4901234567890123,2029/3/31\n")

    link = "https://pay.example/Ab_1"
    assert (parsed.rows, parsed.problems) == (
        [CodeRow(2, link, url=link, number="4901234567890123", expiry="2029/3/31")],
        [],
    )


@pytest.mark.parametrize(
    "header", ["コード,番号", "code,code", "code,url,URL", "code,pin,暗証番号", "number,code,カード番号"]
)
def test_a_file_that_names_two_columns_for_one_thing_is_not_guessed_at(header):
    cells = ",".join("1234" for _name in header.split(","))

    assert reason(f"{header}\n{cells}\n".encode()) == "column_twice"


@pytest.mark.parametrize(
    ("pin", "url", "number", "expiry", "problem"),
    [
        ("", "", "", "", None),
        ("0042", "https://gift.example/1?a=b", "4901234567890123", "2029-03-31", None),
        ("", "", "", "20290331", None),
        ("", "", "", "2029年3月31日", None),
        ("1.2E+15", "", "", "", "damaged_by_spreadsheet"),
        ("", "#REF!", "", "", "damaged_by_spreadsheet"),
        ("", "", "4.90123E+15", "", "damaged_by_spreadsheet"),
        ("", "", "", "########", "damaged_by_spreadsheet"),
        ("００４２", "", "", "", "pin_malformed"),
        ("0042\xa0", "", "", "", "pin_malformed"),
        ("9" * 201, "", "", "", "pin_malformed"),
        ("", "javascript:alert(1)", "", "", "url_malformed"),
        ("", "gift.example/1", "", "", "url_malformed"),
        ("", "https://gift.example/1 2", "", "", "url_malformed"),
        ("", "https://gift.example/" + "x" * 2001, "", "", "url_malformed"),
        ("", "", "4901 2345", "", "number_malformed"),
        ("", "", "", "2029-02-30", "expiry_malformed"),
        ("", "", "", "なし", "expiry_malformed"),
        ("", "", "", "47208", "expiry_malformed"),
    ],
)
def test_every_part_of_a_code_is_judged_and_none_is_mended(pin, url, number, expiry, problem):
    parsed = parse(f"code,pin,url,number,expiry\nGOOD0001,{pin},{url},{number},{expiry}\n")

    assert parsed.problems == ([RowProblem(2, problem)] if problem else [])
    assert len(parsed.rows) == (problem is None)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("1.2E+15", "damaged_by_spreadsheet"),
        ("4E+11", "damaged_by_spreadsheet"),
        ("4901234567894.0", "damaged_by_spreadsheet"),
        ("4901234567894.00", "damaged_by_spreadsheet"),
        ("-1.5E+15", "damaged_by_spreadsheet"),
        ("1E-05", "damaged_by_spreadsheet"),
        ("#REF!", "damaged_by_spreadsheet"),
        ("#N/A", "damaged_by_spreadsheet"),
        ("#NAME?", "damaged_by_spreadsheet"),
        ("#DIV/0!", "damaged_by_spreadsheet"),
        ("########", "damaged_by_spreadsheet"),
        ("ＡＢＣＤ１２３４", "code_malformed"),
        (" ABCD1234", "code_malformed"),
        ("ABCD1234\xa0", "code_malformed"),
        ("ABCD\u200b1234", "code_malformed"),
        ('"ABCD\n1234"', "code_malformed"),
        ("ABC", "code_malformed"),
        ('""', "code_malformed"),
        ("A" * 201, "code_malformed"),
        ("GOOD0001", "duplicate_in_file"),
    ],
)
def test_a_cell_that_is_no_code_is_a_problem_of_its_row_and_never_mended(cell, problem):
    parsed = parse(f"code,note\nGOOD0001,x\n{cell},x\nGOOD0002,x\n")

    assert [row.code for row in parsed.rows] == ["GOOD0001", "GOOD0002"]
    assert parsed.problems == [RowProblem(3, problem)]


@pytest.mark.parametrize("code", ["12E34567", "1E05ABCD", "#ABCD123", "4.0X", "NAME?!"])
def test_a_code_that_only_resembles_damage_is_taken(code):
    assert parse(f"code\n{code}\n").problems == []


@pytest.mark.parametrize("row", ["ABCD1234", "ABCD1234,x,y"])
def test_ragged_rows_are_problems(row):
    assert parse(f"code,note\n{row}\n").problems == [RowProblem(2, "columns_differ")]


def test_blank_lines_do_not_count_and_rows_keep_their_numbers():
    parsed = parse("code\n\nGOOD0001\n\n\nbad one\n")

    assert (parsed.rows, parsed.problems) == ([CodeRow(3, "GOOD0001")], [RowProblem(6, "code_malformed")])


def test_an_open_quote_names_the_line_where_its_row_began():
    with pytest.raises(FileNotAccepted) as refused:
        parse('code\nGOOD0001\n"OPEN0002\nGOOD0003\nGOOD0004\n')

    assert (refused.value.reason, refused.value.problems) == ("row_broken", [RowProblem(3, "row_broken")])


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        (b"code\r\n", "file_empty"),
        (b"number of code\nABCD1234\n", "no_code_column"),
        (b"ABCD1234\nABCD1235\n", "no_code_column"),
        (b"pin,number\n1,2\n", "no_code_column"),
        (b"code\nABCD\x001234\n", "encoding_unknown"),
        ("code\nABCD1234\n".encode("utf-16-le"), "encoding_unknown"),
        (b"\xff\xfec\x00o", "encoding_unknown"),
        (b"code\n\x81\xff\xff\n", "encoding_unknown"),
        (b"code\n" + b"A" * 200_000 + b"\n", "row_broken"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, answer):
    assert reason(data) == answer


@pytest.mark.parametrize(("rows", "answer"), [(3, None), (4, "too_many_rows")])
def test_more_rows_than_allowed_are_refused_as_a_whole(monkeypatch, rows, answer):
    monkeypatch.setattr(csv_import, "MAX_ROWS", 3)
    data = b"code\n" + b"".join(b"GOOD%04d\n" % n for n in range(rows))

    if answer is None:
        assert len(parse_code_file(data).rows) == rows
    else:
        assert reason(data) == answer


def test_a_file_beyond_the_limit_is_refused_before_its_rest_is_read(monkeypatch):
    monkeypatch.setattr(csv_import, "MAX_BYTES", 20)
    read = []

    def pieces():
        for piece in (b"code\nGOOD0001\n", b"GOOD0002\n", b"GOOD0003\n"):
            read.append(piece)
            yield piece

    with pytest.raises(FileNotAccepted) as refused:
        look_over(pieces())

    assert (refused.value.reason, len(read)) == ("file_too_large", 2)


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ"])
def test_an_archive_is_never_unpacked(magic):
    assert reason(magic + b"\x00" * 100) == "file_is_archive"
