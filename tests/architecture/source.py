"""The project's own files, as git knows them, and what their syntax says."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "accounts",
    "campaigns",
    "participants",
    "receipts",
    "eligibility",
    "draws",
    "codes",
    "distribution",
    "journeys",
    "analytics",
    "api",
    "portal",
)
OTHER_PACKAGES = ("core", "config", "bench", "demo", "drill", "folders", "scripts", "tests")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def python_files(*packages: str) -> list[Path]:
    """Python files of some packages, without migrations, which Django writes."""
    return [
        path
        for path in tracked_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in packages and "migrations" not in path.parts
    ]


def module_files(app: str, name: str) -> list[Path]:
    """`services.py` of an app, or the files of its folder `services/`."""
    return [
        path
        for path in python_files(app)
        if path.relative_to(ROOT / app).parts[0].removesuffix(".py") == name and path.name != "__init__.py"
    ]


def services(app: str) -> list[tuple[Path, ast.FunctionDef]]:
    """What others may call to write: of a folder what its `__init__` exports, of a file all that is public."""
    front = ROOT / app / "services" / "__init__.py"
    exported = {
        alias.name
        for node in (parse(front).body if front.exists() else [])
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return [
        (path, node)
        for path in module_files(app, "services")
        for node in parse(path).body
        if isinstance(node, ast.FunctionDef)
        and (node.name in exported if front.exists() else not node.name.startswith("_"))
    ]


@cache
def parse(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(), filename=str(path))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    return [node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from `def` to its end, its docstring left out: explaining is free."""
    assert node.end_lineno is not None
    lines = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) and first.end_lineno is not None and len(node.body) > 1:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def place(path: Path, node: ast.AST | None = None) -> str:
    """Where to look, as an editor understands it."""
    return f"{path.relative_to(ROOT)}{f':{getattr(node, "lineno", 1)}' if node else ''}"
