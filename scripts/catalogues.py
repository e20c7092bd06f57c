"""Checks that every text of every app has its Japanese, and that the compiled catalogues are of today.

`--write` adds new texts to the catalogues (untranslated) and compiles them.
The apps' own folders are left alone by a check: it works on a copy.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from gettext import GNUTranslations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = Path("locale/ja/LC_MESSAGES/django.po")
FIND_TEXTS = [
    sys.executable,
    "-P",  # an app's own modules (selectors.py, codes/) must not stand in for the standard library's
    "-m",
    "django",
    "makemessages",
    "--locale=ja",
    "--no-location",
    "--no-wrap",
    "--no-obsolete",
    "--ignore=migrations",
    "--ignore=tests",
]


def translated_packages() -> list[Path]:
    """Packages whose code or templates ask for a text."""
    asks = re.compile(r"gettext|{% (?:blocktranslate|translate|blocktrans|trans) ")
    return sorted(
        package
        for package in ROOT.iterdir()
        if (package / "__init__.py").exists()
        and package.name not in {"tests", "scripts", "bench", "demo", "drill", "folders"}
        and any(asks.search(path.read_text()) for kind in ("*.py", "*.html", "*.txt") for path in package.rglob(kind))
    )


def update(package: Path) -> None:
    """Bring the package's catalogue up to date with its texts."""
    (package / "locale").mkdir(exist_ok=True)
    subprocess.run(FIND_TEXTS, cwd=package, check=True, capture_output=True)


def entries(catalogue: Path) -> dict[str, str]:
    """Each text with its translation, the header left out; a fuzzy one counts as none."""
    found = {}
    for block in catalogue.read_text().split("\n\n"):
        text, _, japanese = block.partition("\nmsgstr")
        text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
        if _plain(text) and not block.startswith("#~"):
            is_fuzzy = re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)
            found[_plain(text)] = "" if is_fuzzy else _plain(japanese)
    return found


def _plain(quoted: str) -> str:
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', quoted))


def compiled_texts(path: Path) -> dict[str, str]:
    """What a compiled catalogue holds; its bytes differ between gettext's versions."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return dict(GNUTranslations(file)._catalog)  # type: ignore[attr-defined]  # noqa: SLF001 there is no other way


def problems(package: Path, folder: Path) -> list[str]:
    """What is wrong with one package's catalogue."""
    name = package.name
    copy = folder / name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    update(copy)
    kept = entries(package / CATALOGUE) if (package / CATALOGUE).exists() else {}
    needed = entries(copy / CATALOGUE)
    found = [f"{name}: no Japanese for: {text}" for text, japanese in needed.items() if not japanese]
    found += [f"{name}: nothing asks for this any more: {text}" for text in kept.keys() - needed.keys()]
    compiled = copy / "check.mo"
    if (package / CATALOGUE).exists():
        subprocess.run(["msgfmt", "--check", "-o", compiled, package / CATALOGUE], check=True)
        if compiled_texts(package / CATALOGUE.with_suffix(".mo")) != compiled_texts(compiled):
            found.append(f"{name}: the compiled catalogue is old")
    return found


def main() -> int:
    """Check or write; return 0 when nothing is missing."""
    if "--write" in sys.argv:
        for package in translated_packages():
            update(package)
            subprocess.run(
                ["msgfmt", "--check", "-o", package / CATALOGUE.with_suffix(".mo"), package / CATALOGUE], check=True
            )
    with tempfile.TemporaryDirectory() as folder:
        found = [line for package in translated_packages() for line in problems(package, Path(folder))]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
