"""What the layers do not say: of an earlier app one uses its reading and its services, nothing behind them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import APPS, ROOT, parse, place, python_files

PRIVATE_MODULES = {
    "tasks",
    "admin",
    "channels",
    "ocr",
    "rules",
    "mechanics",
    "suppliers",
    "management",
    "migrations",
    "apps",
}


def imported_names(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported name in full, wherever in the file it is imported."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def crossings() -> Iterator[tuple[str, list[str]]]:
    """Each import from one app into another, as place and dotted parts."""
    for app in APPS:
        for path in python_files(app):
            for node, name in imported_names(path):
                parts = name.split(".")
                if parts[0] in APPS and parts[0] != app:
                    yield place(path, node), parts


def test_no_app_uses_the_inner_modules_of_another():
    assert [(where, ".".join(parts)) for where, parts in crossings() if parts[1] in PRIVATE_MODULES] == []


def test_no_app_uses_anothers_underscored_names():
    assert [(where, ".".join(parts)) for where, parts in crossings() if any(part[0] == "_" for part in parts)] == []


AT_THE_END_OF_MIGRATIONS = "django.db.models.signals.post_migrate"  # of the schema; no row makes it sound


def test_apps_do_not_listen_to_signals():
    """What happens next is written where it happens, or is found from the rows."""
    listeners = [
        place(path, node)
        for app in APPS
        for path in python_files(app)
        for node, name in imported_names(path)
        if name in {"django.dispatch.receiver", "django.dispatch.Signal"} or name.startswith("django.db.models.signals")
        if name != AT_THE_END_OF_MIGRATIONS
    ]

    assert listeners == []


def test_migrations_import_nothing_of_an_app():
    """An old migration must go on meaning what it meant."""
    found = [
        f"{place(path, node)} {name}"
        for app in APPS
        for path in (ROOT / app / "migrations").glob("*.py")
        for node, name in imported_names(path)
        if name.split(".")[0] in APPS
    ]

    assert found == []
