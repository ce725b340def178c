import errno
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaoscl import files
from chaoscl.errors import UserError
from chaoscl.files import new_folder, storage_errors, write_atomic

# No lone surrogates: UTF-8 has no bytes for them.
texts = st.text(st.characters(exclude_categories=["Cs"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=1, max_size=3))
def test_what_is_written_is_there_byte_for_byte(tmp_path, contents):
    path = tmp_path / "new" / "deep" / "file.txt"
    for text in contents:
        write_atomic(path, text)
        assert path.read_bytes() == text.encode("utf-8")
        assert list(path.parent.iterdir()) == [path]


class BrokenFileError(Exception):
    pass


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("before", ["old", None])
def test_a_failure_while_writing_keeps_the_old_content_and_nothing_else(step, before, tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    if before is not None:
        path.write_text(before)

    def fail(*_):
        assert len(list(tmp_path.glob(".file.txt.*.tmp"))) == 1
        raise BrokenFileError

    monkeypatch.setattr(*((files.os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(BrokenFileError):
        write_atomic(path, "new")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == ({"file.txt": before} if before else {})


def test_a_text_that_cannot_be_encoded_leaves_the_old_content(tmp_path):
    path = tmp_path / "file.txt"
    write_atomic(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "new \ud800")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"file.txt": "old"}


def test_a_text_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    steps = []
    fsync, replace = files.os.fsync, Path.replace
    monkeypatch.setattr(files.os, "fsync", lambda number: (steps.append("fsync"), fsync(number)))
    monkeypatch.setattr(Path, "replace", lambda self, target: (steps.append("replace"), replace(self, target)))
    write_atomic(tmp_path / "file.txt", "text")
    assert steps == ["fsync", "replace"]


def test_a_new_folder_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "above" / "folder"
    with new_folder(path) as temporary:
        (temporary / "a").write_text("1")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert [one.name for one in path.parent.iterdir()] == ["folder"]
    assert (path / "a").read_text() == "1"


def test_a_new_folder_replaces_the_old_one_as_a_whole(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    with new_folder(path) as temporary:
        (temporary / "new").touch()
        assert (path / "old").exists()
    assert [one.name for one in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt()])
@pytest.mark.parametrize("old", [True, False])
def test_a_failure_inside_leaves_the_old_folder_and_nothing_else(error, old, tmp_path):
    path = tmp_path / "folder"
    if old:
        path.mkdir()
        (path / "old").touch()

    def write_half():
        with new_folder(path) as temporary:
            (temporary / "new").touch()
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*")) == (
        ["folder", "folder/old"] if old else []
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left on the disk"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EACCES, "permission denied"),
        (errno.EPERM, "permission denied"),
        (errno.EROFS, "the file system is read-only"),
        (errno.ENOTDIR, "a part of the path is a file"),
        (errno.EEXIST, "a file of that name is in the way"),
        (errno.EISDIR, "a folder of that name is in the way"),
    ],
)
def test_a_refusal_to_store_is_one_line_with_a_remedy(number, words):
    with pytest.raises(UserError) as caught, storage_errors("the table", Path("/out/x.csv"), "try another"):
        raise OSError(number, "in the system's words")
    assert str(caught.value) == f"cannot write the table to /out/x.csv: {words}; try another"
    assert caught.value.__cause__.errno == number


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "input/output"), OSError("no number"), ValueError(), UserError("x")]
)
def test_other_errors_pass_as_they_are(error):
    with pytest.raises(type(error)) as caught, storage_errors("a", Path("b"), "c"):
        raise error
    assert caught.value is error


def test_real_refusals(tmp_path):
    (tmp_path / "file").touch()
    for where, words in (
        (tmp_path / "file" / "x", "a file of that name is in the way"),
        (tmp_path / "file" / "x" / "y", "a part of the path is a file"),
        (tmp_path, "a folder of that name is in the way"),
    ):
        with pytest.raises(UserError, match=words), storage_errors("a", where, "c"):
            write_atomic(where, "text")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
