import pytest
import typer

from chaoscl.cli import listed, run_command
from chaoscl.errors import UserError


def call(monkeypatch, function, *words):
    monkeypatch.setattr("sys.argv", ["program", *words])
    return run_command(function)


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UserError("what,\n  where"), 2, "error: what, where\n"),
        (typer.BadParameter("no such thing"), 2, "error: Invalid value: no such thing\n"),
        (KeyboardInterrupt(), 130, "stopped; finished runs are kept, the same command goes on from there\n"),
    ],
)
def test_what_a_user_can_put_right_is_one_line(monkeypatch, capsys, error, status, line):
    def fail() -> None:
        raise error

    assert call(monkeypatch, fail) == status
    assert capsys.readouterr().err == line


def test_a_bug_keeps_its_traceback(monkeypatch):
    def fail() -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        call(monkeypatch, fail)


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_of_the_command_is_passed_on(monkeypatch, status):
    def work() -> int:
        return status

    assert call(monkeypatch, work) == status


def test_help_is_no_error(monkeypatch, capsys):
    def work() -> None:
        """Do the work."""

    assert call(monkeypatch, work, "--help") == 0
    assert "Do the work." in capsys.readouterr().out


def test_lists_are_separated_by_commas():
    assert listed(" ewc, si ,,lwf,") == ("ewc", "si", "lwf")
    assert listed(" , ") == ()
