import json

import pytest

from chaoscl.errors import UserError
from timing import startup
from timing.measure import run_python
from timing.startup import PROGRAM, measure, train_first

_LOADED = """
import json, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as stop:
    assert not stop.code
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def loaded(*words):
    """The packages that are loaded when the program has been run with these words."""
    return set(json.loads(run_python("-c", _LOADED, str(PROGRAM), *words).splitlines()[-1]))


def test_help_loads_neither_torch_nor_numpy():
    packages = loaded("--help")
    assert "typer" in packages
    assert not packages & {"torch", "avalanche", "numpy", "pandas", "chaoscl.api"}


def test_the_list_loads_neither_torch_nor_avalanche():
    packages = loaded("--list")
    assert "chaoscl" in packages
    assert not packages & {"torch", "torchvision", "avalanche", "pandas", "scipy"}


def test_the_program_is_stopped_at_its_first_batches(tmp_path):
    train_first(tmp_path)
    (out,) = tmp_path.iterdir()
    assert not list(out.rglob("retention_matrix.csv"))


def test_a_program_that_fails_is_an_error(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="No such option"):
        run_python(str(PROGRAM), "--no-such-option")
    program = tmp_path / "run.py"
    program.write_text("print('done')\n")
    monkeypatch.setattr(startup, "PROGRAM", program)
    with pytest.raises(UserError, match="ends without training"):
        train_first(tmp_path)


def test_every_promised_row(monkeypatch, well_formed):
    called = []
    monkeypatch.setattr(startup, "run_python", lambda *words: called.append(words[-1]))
    monkeypatch.setattr(startup, "train_first", lambda folder: called.append("train"))
    rows = measure(3)
    well_formed(rows)
    assert [row.goal.value for row in rows] == [1.0, 2.0, 10.0]
    assert {len(row.values) for row in rows} == {3}
    assert called == ["--help", "--list", "train"] * (3 + 1)
