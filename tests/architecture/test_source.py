"""How the code looks: sizes, names and docstrings."""

import ast
import re
import statistics

from tests.architecture.source import (
    APPS,
    OTHER_PACKAGES,
    ROOT,
    functions,
    length,
    module_files,
    parse,
    place,
    python_files,
    services,
    tracked_files,
)

FILE_LIMIT_LINES = 400
FUNCTION_LIMIT_LINES = 50
FUNCTION_MEDIAN_LINES = 8
VAGUE_NAMES = {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}
# Where this checkout lies, or anybody's home: paths that mean nothing on another machine.
MACHINE_PATH = re.compile(rb"(?<![\w.~])/(?:home/\w|Users/\w|root/|work/|opt/(?:wheels|pypi))")
TEXT_LIMIT_BYTES = 2_000_000


def test_no_file_is_longer_than_the_limit():
    too_long = {
        place(path): count
        for path in python_files(*APPS, *OTHER_PACKAGES)
        if (count := len(path.read_text().splitlines())) > FILE_LIMIT_LINES
    }

    assert too_long == {}


def test_no_function_is_longer_than_the_limit():
    too_long = {
        f"{place(path, node)} {node.name}": length(node)
        for path in python_files(*APPS, *OTHER_PACKAGES)
        for node in functions(path)
        if length(node) > FUNCTION_LIMIT_LINES
    }

    assert too_long == {}


def test_functions_are_short_as_a_rule():
    lengths = [length(node) for path in python_files(*APPS, "core", "config") for node in functions(path)]

    assert statistics.median(lengths) <= FUNCTION_MEDIAN_LINES


def test_no_module_has_a_name_that_says_nothing():
    assert [place(path) for path in tracked_files() if path.name in VAGUE_NAMES] == []


def test_every_service_and_selector_has_a_docstring():
    silent = [
        f"{place(path, node)} {node.name}"
        for app in APPS
        for name in ("services", "selectors")
        for path in module_files(app, name)
        for node in parse(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]

    assert silent == []


def test_services_take_named_arguments_only():
    positional = [
        f"{place(path, node)} {node.name}"
        for app in APPS
        for path, node in services(app)
        if node.args.args or node.args.vararg
    ]

    assert positional == []


def test_services_and_rules_are_given_the_time():
    """Or say on the same line why they cannot be."""
    clocks = {"now", "localtime", "localdate", "today", "utcnow"}
    readers = [
        place(path, node)
        for app in APPS
        for name in ("services", "rules", "mechanics", "compliance")
        for path in module_files(app, name)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks
        if "#" not in path.read_text().splitlines()[node.lineno - 1]
    ]

    assert readers == []


def test_every_task_is_named_by_where_it_lies():
    wrong = [
        f"{place(path, node)} {node.name}"
        for app in APPS
        for path in module_files(app, "tasks")
        for node in functions(path)
        for decorator in node.decorator_list
        if "shared_task" in ast.unparse(decorator)
        and f"name='{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.{node.name}'" not in ast.unparse(decorator)
    ]

    assert wrong == []


def test_no_file_names_a_place_on_somebodys_machine():
    found = [
        f"{place(path)}: {match.group().decode()}"
        for path in tracked_files()
        if path.stat().st_size < TEXT_LIMIT_BYTES and path != ROOT / "tests/architecture/test_source.py"
        for match in MACHINE_PATH.finditer(path.read_bytes())
        if b"\0" not in path.read_bytes()[:1024]
    ]

    assert found == []
