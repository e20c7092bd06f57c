"""Lists ask the same number of questions however long they are, and their exports are harmless in a spreadsheet."""

import csv
import io

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from core.spreadsheets import csv_lines, safe_cell
from tests.admin.registry import TENANT_MODELS, list_url, make_row
from tests.factories import StoreFactory

LISTS = [label for label in TENANT_MODELS if label not in ("accounts.agency", "accounts.membership")]


@pytest.mark.parametrize("label", LISTS)
def test_a_list_of_many_rows_asks_no_more_than_a_short_one(label, agency, operator, django_assert_max_num_queries):
    for _number in range(2):
        make_row(label, agency)
    operator.get(list_url(label))  # content types and the like are asked once
    with django_assert_max_num_queries(60) as short:
        operator.get(list_url(label))
    for _number in range(6):
        make_row(label, agency)

    with django_assert_max_num_queries(len(short)):
        operator.get(list_url(label))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("  +81", "  '+81"),
        ("\u3000-x", "\u3000'-x"),
        ("\t@x", " '@x"),
        ("safe\n=cmd", "safe\n'=cmd"),
        ("safe\r=cmd", "safe\n'=cmd"),
        ("-500", "-500"),
        ("緑茶 = 良い", "緑茶 = 良い"),
        (None, ""),
    ],
)
def test_T13_no_cell_begins_a_formula(text, cell):
    assert safe_cell(text) == cell


def test_T13_lines_are_csv_that_excel_reads_as_utf8():
    text = "".join(csv_lines([["名前", "=x"], ["a,b", 1]]))

    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text[1:]))) == [["名前", "'=x"], ["a,b", "1"]]


def test_T13_an_export_holds_what_the_list_shows_and_leaves_a_line(agency, operator):
    StoreFactory(agency=agency, code="0001", name='=HYPERLINK("x")')
    StoreFactory(agency=agency, code="0002", name="梅田店", is_active=False)
    url = reverse("admin:campaigns_store_export_csv")

    answer = operator.get(url, {"is_active__exact": "1"})

    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row[:2] for row in rows] == [["店舗番号", "名前"], ["0001", '\'=HYPERLINK("x")']]
    assert rows[1][3] == "未設定"
    line = AuditEntry.objects.get(action="list.exported")
    assert line.facts == {"model": "campaigns.store", "count": 1}
