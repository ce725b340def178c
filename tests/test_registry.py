"""Parts are found, named, told apart, and refused in one line with their place."""

import hashlib
import importlib.metadata
import os
import pickle
from types import SimpleNamespace

import pytest

from chaoscl import registry
from chaoscl.errors import UserError
from chaoscl.registry import REGISTRIES, include, included
from chaoscl.runs.baseline import BASELINES

MINE = """
from dataclasses import dataclass
from chaoscl import Baseline

@dataclass
class Memory:
    size: int = 3

def build(setup):
    return Memory()

BASELINE = Baseline(summary="mine", build=build, source="me")
"""


@pytest.fixture(autouse=True)
def _as_before():
    with registry.restored():
        yield


@pytest.fixture
def write(tmp_path):
    """Return a writer of a file with parts."""

    def make(content, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    return make


def test_a_part_without_a_name_has_its_file_s_and_knows_where_it_is_from(write):
    path = write(MINE, "my-memory.py")
    include([str(path)])
    part = BASELINES["my-memory"]
    assert part.name == "my-memory"
    assert (part.origin.place, part.origin.sha256) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def test_classes_of_a_file_can_be_pickled(write):
    include([str(write(MINE))])
    memory = BASELINES["mine"].build(None)
    assert pickle.loads(pickle.dumps(memory)) == memory


def test_folders_and_modules_are_included_and_twice_is_once(write, tmp_path, monkeypatch):
    write(MINE, "parts/one.py")
    write(MINE, "parts/two.py")
    write("1 / 0", "parts/_helper.py")
    write(MINE.replace("summary=", "name='three', summary="), "of_a_module.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    for _ in range(2):
        include([str(tmp_path / "parts"), "of_a_module:BASELINE"])
    assert list(BASELINES)[-3:] == ["one", "two", "three"]
    assert BASELINES["three"].origin.place == "of_a_module:BASELINE"
    assert set(included()) >= {str((tmp_path / "parts" / "one.py").resolve()), "of_a_module:BASELINE"}


def test_the_environment_names_places_too(write, monkeypatch):
    places = [str(write(MINE, name)) for name in ("one.py", "two.py")]
    monkeypatch.setenv("CHAOSCL_INCLUDE", os.pathsep.join(places))
    include([])
    assert list(BASELINES)[-2:] == ["one", "two"]


def test_installed_packages_bring_parts_by_an_entry_point(write, tmp_path, monkeypatch):
    write(MINE.replace("summary=", "name='theirs', summary="), "their_package.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = [SimpleNamespace(value="their_package", name="x", dist=SimpleNamespace(name="their-package"))]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: found if group == "chaoscl" else [])
    include([])
    assert BASELINES["theirs"].origin.place == "package their-package"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (MINE, "naive.py", "baseline 'naive' is defined twice, in chaoscl and in {path}"),
        ("import nothing_of_that_name", "mine.py", "{path} cannot be loaded: ModuleNotFoundError: .* \\(line 1\\)"),
        ("x = 1\ndef", "mine.py", "{path} cannot be loaded: SyntaxError: .* \\(line 2\\)"),
        ("\n\n1 / 0", "mine.py", "ZeroDivisionError: division by zero \\(line 3\\)"),
        ("BASELINE = 3", "mine.py", "{path} defines no part; it needs an object of one of these types: Baseline, "),
        (MINE + "OTHER = Baseline(summary='x', build=build, source='me')", "mine.py", "2 baselines without a name"),
        (MINE, "my part.py", "baseline 'my part' in {path}: give it a name of letters"),
        (MINE.replace("summary=", "name='a,b', summary="), "mine.py", "baseline 'a,b' in {path}"),
        (
            "from chaoscl import *\nD = Dataset(Card('x', 'text', classes=('one',)))",
            "mine.py",
            "{path}: card of data set 'x': it needs at least two classes",
        ),
        (
            "from chaoscl import *\nD = Card('x', 'image', classes=('a', 'b'), shape=(28, 28))",
            "mine.py",
            r"shape \(28, 28\) is not \(channels, height, width\)",
        ),
        (
            "from chaoscl import *\nimport chaoscl\nB = Baseline(summary='x', build=print, source='x',"
            " hyper={'rate': HyperParameter(5.0, 'x', range=Range(0, 1))})",
            "mine.py",
            "hyper-parameter rate: its value 5 lies outside its range",
        ),
        ("raise SystemExit", "mine.py", "cannot be loaded: SystemExit"),
    ],
)
def test_what_is_no_part_is_one_line_with_its_place(write, content, name, words):
    path = write(content, name)
    before = {kind: list(one) for kind, one in REGISTRIES.items()}
    with pytest.raises(UserError, match=words.format(path=path)) as caught:
        include([str(path)])
    assert "\n" not in str(caught.value)
    assert {kind: list(one) for kind, one in REGISTRIES.items()} == before


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("/nowhere", "--include /nowhere: there is no such file or folder"),
        ("nowhere.py", "--include nowhere.py: there is no such file"),
        ("no_such_module", "--include no_such_module: No module named"),
        ("math:nothing", "--include math:nothing: .*; give a file, a folder, module or module:object"),
        ("math:pi", "math:pi defines no part"),
    ],
)
def test_a_place_that_is_not_there_is_one_line(place, words):
    with pytest.raises(UserError, match=words):
        include([place])


def test_a_part_that_another_file_imports_is_registered_once(write, tmp_path, monkeypatch):
    write(MINE.replace("summary=", "name='shared', summary="), "shared_part.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    using = write(
        "from shared_part import BASELINE\nfrom chaoscl import Stream, whole\nS = Stream('s', whole('mnist'))\n"
    )
    include(["shared_part", str(using)])
    assert BASELINES["shared"].origin.place == "shared_part"


@pytest.mark.parametrize("kind", sorted(REGISTRIES))
def test_an_unknown_name_of_any_kind_is_one_line_with_a_guess(kind):
    parts = REGISTRIES[kind]
    name = next(iter(parts))
    with pytest.raises(UserError, match=rf"unknown {kind} '{name}x' \(did you mean .*\?\); there are: "):
        parts[name + "x"]
