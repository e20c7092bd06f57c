"""The command tells what was missed and what could not be measured, and goes on with the other groups."""

import sys
from pathlib import Path

import pytest

import bench.__main__ as command

GROUPS = {
    "bench_good": 'yield Figure("quick", 1, "s", "<= 2")',
    "bench_late": 'yield Figure("slow", 3, "s", "<= 2")',
    "bench_broken": 'yield Figure("half", 1, "s", "<= 2"); raise RuntimeError("no database")',
}
OF_FOLDER = "import bench; bench.__path__.append({folder!r}); from bench.group import main; main()"


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys):
    for name, line in GROUPS.items():
        (tmp_path / f"{name}.py").write_text(f"from bench.figures import Figure\ndef measure():\n    {line}\n")
    monkeypatch.setattr("bench.__path__", [*command.bench.__path__, str(tmp_path)])
    monkeypatch.setattr(command, "COMMAND", [sys.executable, "-c", OF_FOLDER.format(folder=str(tmp_path))])

    def call(*arguments: str) -> tuple[int, list[str]]:
        monkeypatch.setattr(sys, "argv", ["bench", *arguments])
        return command.main(), capsys.readouterr().out.splitlines()

    return call


def test_a_missed_goal_is_named_at_the_end_and_an_error_only_if_asked_for(run):
    lines = ["quick 1 s (<= 2)", "slow 3 s (<= 2, MISSED)", "missed: slow"]
    assert run("bench_good", "bench_late") == (0, lines)
    assert run("--strict", "bench_good", "bench_late") == (1, lines)
    assert run("--strict", "bench_good") == (0, ["quick 1 s (<= 2)", "missed: none"])


def test_a_group_that_breaks_is_an_error_and_the_others_are_measured(run):
    code, lines = run("bench_broken", "bench_good")
    assert code == 1
    assert lines == ["half 1 s (<= 2)", "quick 1 s (<= 2)", "missed: none", "NOT MEASURED: bench_broken"]


def test_figures_that_there_are_not_are_refused(run):
    with pytest.raises(SystemExit, match=r"no such figures: bench_gone; there are .*creating"):
        run("bench_good", "bench_gone")
