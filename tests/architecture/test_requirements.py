"""The requirement files: hashed, complete, and silent about which index they came from."""

import re
import tomllib

import pytest

from tests.architecture.source import ROOT

FILES = ("requirements.txt", "requirements-dev.txt")
ADDRESS = re.compile(r"://|--index|--extra-index|--find-links|--trusted-host|file:|@ ")


@pytest.mark.parametrize("name", FILES)
def test_requirement_files_hold_no_addresses(name):
    lines = (ROOT / name).read_text().splitlines()

    assert [line for line in lines if ADDRESS.search(line)] == []


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_with_a_hash(name):
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", (ROOT / name).read_text())[1:]

    assert [block.split()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def test_the_development_file_holds_all_that_the_service_runs_on_at_the_same_versions():
    runtime, development = (
        set(re.findall(r"^\S+==[^\s;]+", (ROOT / name).read_text(), re.MULTILINE)) for name in FILES
    )

    assert runtime - development == set()


def test_every_declared_dependency_is_locked():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = {
        re.split(r"[^\w.-]", line)[0].lower()
        for line in declared["project"]["dependencies"] + declared["dependency-groups"]["dev"]
    }
    locked = set(re.findall(r"^[\w.-]+(?===)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))

    assert names - locked == set()
