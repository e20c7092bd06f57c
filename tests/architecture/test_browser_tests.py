"""A test that drives a browser waits for what it looks at: a page, or its script, may be later than the test."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import parse, place, python_files

# What tells how a page stands at this moment, whether or not it is the page that was meant; `expect` waits instead.
AT_ONCE = re.compile(
    r"\.(is_(visible|hidden|enabled|disabled|checked|editable)|all_inner_texts|all_text_contents|input_value"
    r"|query_selector(_all)?|content|wait_for_timeout)\("
    r"|(locator|get_by_\w+)\(.*\)\.count\(\)"
)
ACTIONS = {
    "click",
    "dblclick",
    "press",
    "tap",
    "type",
    "fill",
    "check",
    "uncheck",
    "select_option",
    "set_input_files",
    "set_files",
}
NAMES = re.compile(r"""^\w+ = (f?['"][^\n]*|[\w.]+\.(locator|get_by_\w+)\([^\n]*\)(\.first)?)$""")
WAITS = re.compile(r"^(expect\(|[\w.]+\.(wait_for\w*|focus)\(|with .*\.expect_\w+\()")


def steps(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Give a function's statements in their order, without those that only name something or begin a loop."""
    for statement in body:
        if not isinstance(statement, ast.For) and not NAMES.match(ast.unparse(statement)):
            yield statement
        if not isinstance(statement, ast.FunctionDef) and not WAITS.match(ast.unparse(statement)):
            yield from steps(getattr(statement, "body", []))


def is_action(statement: ast.stmt) -> bool:
    """Tell whether a statement does what a hand does, and no more."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ACTIONS


def impatience(tree: ast.AST) -> list[ast.stmt]:
    """Find what reads a page at once, and actions that nothing waits for: the next line reads what was before."""
    found = []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        ordered = list(steps(function.body))
        for statement, following in zip(ordered, [*ordered[1:], None], strict=True):
            is_block = hasattr(statement, "body")
            if not is_block and AT_ONCE.search(ast.unparse(statement)):
                found.append(statement)
            if is_action(statement) and not (following and leaves_time(following)):
                found.append(statement)
    return found


def leaves_time(statement: ast.stmt) -> bool:
    """Tell whether a statement waits by itself: an expectation, or what a hand does next."""
    return is_action(statement) or bool(WAITS.match(ast.unparse(statement)))


def test_browser_tests_wait_for_what_they_look_at():
    files = [
        path for path in python_files("tests") if "playwright" in path.read_text() and path.parent.name == "browser"
    ]

    assert files
    assert [place(path, node) for path in files for node in impatience(parse(path))] == []


def test_browsers_are_driven_in_their_folder_alone():
    """Where they are marked, share one browser, and are looked through by the test above."""
    drivers = {
        path.parent.name
        for path in python_files("tests")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("playwright")
    }

    assert drivers == {"browser"}


@pytest.mark.parametrize(
    "line",
    [
        "page.click('a'); assert Entry.objects.get().status",
        "page.click('a'); page.wait_for_url('**/b/'); assert page.locator('circle').count() == 20",
        "assert page.locator('circle').is_visible()",
        "page.get_by_role('button').click(); check_page(page)",
        "page.keyboard.press('Enter'); assert Entry.objects.count() == 1",
        "page.click('a'); carry_on()",
        "page.click('a'); page.goto('/')",
        "with watched():\n  page.click('a')",
        "page.click('a'); expect(page.locator('h1')).to_be_visible(); page.click('b')",
    ],
)
def test_negative_control_what_does_not_wait_is_found(line):
    tree = ast.parse("def test(page):\n " + line.replace("\n", "\n "))

    assert len(impatience(tree)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "page.click('a'); page.wait_for_url('**/b/'); assert Entry.objects.count() == 1",
        "page.fill('a', 'b'); page.keyboard.press('Enter'); expect(page.locator('circle')).to_have_count(20)",
        "page.click('a')\nwith page.expect_response('**/b/'):\n  page.evaluate('go()')",
    ],
)
def test_what_waits_is_let_pass(line):
    tree = ast.parse("def test(page):\n " + line.replace("\n", "\n "))

    assert impatience(tree) == []
