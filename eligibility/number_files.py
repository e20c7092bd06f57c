"""Files of serial codes and reference numbers: one number a row, in the first column."""

from core.csv_files import CsvUnreadable, look_over, rows_of

LARGEST = 20 * 1024 * 1024  # bytes: a million numbers and more
HEADERS = {"code", "serial", "number", "id", "コード", "シリアル", "番号", "会員番号"}


def read_numbers(data: bytes) -> list[tuple[int, str]]:
    """Give each row's number with its line in the file; blank ones and a first row that names the column are left out.

    Raises:
        CsvUnreadable: the file as a whole, or a row, cannot be read; or no number is left (`file_empty`).
    """
    facts = look_over([data], max_bytes=LARGEST)
    rows = [(row, cells[0].strip()) for row, cells in rows_of([data], facts.encoding) if cells[0].strip()]
    if rows and rows[0][1].lower() in HEADERS:
        rows = rows[1:]
    if not rows:
        raise CsvUnreadable("file_empty")
    return rows
