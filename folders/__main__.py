"""Read a folder of receipts as its index.json lists them: `./run read-receipts FOLDER OUT.json`."""

import argparse
import sys
from pathlib import Path

from folders.photographs import DEFAULT_READER
from folders.reading import UnusableFolder, read_folder
from receipts.ocr.base import ReaderUnavailable

ENGINES = {"rapidocr": DEFAULT_READER, "tesseract": "receipts.ocr.tesseract.TesseractReader"}


def main(arguments: list[str] | None = None) -> int:
    """Read, judge, write; photographs that cannot be read are answered with nulls and do not fail the run."""
    parser = argparse.ArgumentParser(prog="./run read-receipts", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--engine", default="rapidocr", help="rapidocr, tesseract, or a reader's dotted path")
    parser.add_argument("--processes", type=int, help="reading processes (default: one a processor, at most two)")
    chosen = parser.parse_args(arguments)
    try:
        results = read_folder(
            chosen.folder, chosen.out, reader=ENGINES.get(chosen.engine, chosen.engine), processes=chosen.processes
        )
    except (UnusableFolder, ReaderUnavailable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    failed = sum(result.reading is None for result in results)
    sys.stderr.write(f"{len(results)} receipts, {failed} of them unreadable: {chosen.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
