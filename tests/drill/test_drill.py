"""A drill's table tells what broke, and so does its end."""

import sys
from types import SimpleNamespace

import pytest

from drill import __main__ as door
from drill.rows import Row, exactly, some


def test_rows_say_whether_their_bound_held():
    assert str(exactly("codes given twice", 0, 0, "codes")).split() == (
        ["codes", "given", "twice", "0", "codes", "ok", "(must", "be", "0)"]
    )
    assert "BROKEN" in str(exactly("codes given twice", 1, 0))
    assert "BROKEN" in str(some("control", 0))
    assert str(Row("dump of the database", 1.25, "s")).split()[-2:] == ["1.2", "s"]


@pytest.mark.parametrize(("twice", "code"), [(0, 0), (1, 1)])
def test_the_end_is_1_where_a_bound_was_broken(monkeypatch, capsys, twice, code):
    rehearsed = SimpleNamespace(
        rehearse=lambda _options: [exactly("codes given twice", twice, 0), exactly("conflicts", 0, 0)]
    )
    monkeypatch.setattr(sys, "argv", ["drill"])
    monkeypatch.setattr(door, "modules", lambda _names: [rehearsed])

    assert door.main() == code
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_there_is_a_drill_of_restoring_and_none_of_an_unknown_name():
    assert [module.__name__ for module in door.modules(["restore"])] == ["drill.restore"]
    assert [module.__name__ for module in door.modules([])] == ["drill.crash", "drill.restore"]
    assert door.modules(["nothing"]) == []
