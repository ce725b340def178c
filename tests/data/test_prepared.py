import errno
import hashlib
import multiprocessing
import pickle
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from chaoscl.data import DATASETS, Bank, Source, default_cache, open_prepared, prepare, prepared
from chaoscl.errors import UserError


def folders(cache):
    return sorted(path for path in (cache / "prepared").iterdir() if path.is_dir())


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def source(tiny):
    return Source("mirror", tiny.folder)


def test_images_training_rows_first(source, cache, pixels):
    mnist = prepare(DATASETS["mnist"], source, cache)
    assert mnist.card is DATASETS["mnist"].card
    assert (mnist.train_rows, mnist.test_rows, mnist.source, mnist.vocabulary) == (8, 4, "mirror", ())
    assert mnist.inputs.dtype == torch.uint8
    assert np.array_equal(mnist.inputs.numpy(), pixels[:, None])
    assert mnist.labels.dtype == torch.int64
    assert mnist.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert folders(cache) == [mnist.folder]


def test_the_vocabulary_comes_from_the_training_split_alone(source, cache):
    news = prepare(DATASETS["ag_news"], source, cache)
    # "cup" occurs five times in the training split; "strange" six times, but only in the test split.
    assert news.vocabulary == ("<pad>", "<unk>", "cup")
    assert news.inputs.dtype == torch.int32
    assert news.inputs.shape == (8, 128)
    assert [row[row > 0].tolist() for row in news.inputs] == [
        [2, 1],
        [2, 1],
        [1, 2],
        [2],
        [2, 1],
        [1],
        [2, 1, 1],
        [1] * 5,
    ]


def test_addition_knows_its_fourteen_characters(cache):
    sums = prepare(DATASETS["addition"], Source("official"), cache)
    assert set(sums.vocabulary) == {"<pad>", "<unk>", *"0123456789+=?"}
    assert (sums.source, sums.train_rows, sums.test_rows, sums.inputs.shape) == ("generated", 178, 20, (198, 5))
    assert int(sums.inputs.min()) > 1


@pytest.mark.parametrize("name", ["mnist", "ag_news"])
def test_the_hash_is_over_inputs_and_labels(name, source, cache):
    data = prepare(DATASETS[name], source, cache)
    content = data.inputs.numpy().tobytes() + data.labels.numpy().tobytes()
    assert data.sha256 == hashlib.sha256(content).hexdigest()


def test_what_is_there_is_not_prepared_again(source, cache):
    told = []
    first = prepare(DATASETS["mnist"], source, cache, told.append)
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    second = prepare(DATASETS["mnist"], source, cache, told.append)
    assert told == ["preparing mnist (mirror)"]
    assert {path: path.stat().st_mtime_ns for path in second.folder.iterdir()} == before
    assert torch.equal(first.inputs, second.inputs)


def test_the_default_cache_is_used_when_none_is_given(source, cache_folder):
    assert prepare(DATASETS["mnist"], source).folder.parent == cache_folder / "prepared"


def test_the_default_cache(monkeypatch):
    monkeypatch.setenv("CHAOSCL_CACHE", "/named")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.setenv("HOME", "/home/someone")
    assert default_cache() == Path("/named")
    monkeypatch.setenv("CHAOSCL_CACHE", "")
    assert default_cache() == Path("/xdg/chaoscl")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path("/home/someone/.cache/chaoscl")


def test_the_key_changes_with_the_source(tiny, source, cache, pixels):
    first = prepare(DATASETS["mnist"], source, cache)
    tiny.images("mnist", "test", pixels[8:], [8, 9, 0, 2])
    second = prepare(DATASETS["mnist"], source, cache)
    assert first.folder != second.folder
    assert second.labels[-1] == 2
    assert first.labels[-1] == open_prepared(first.folder).labels[-1] == 1
    assert first.sha256 != second.sha256


def test_the_key_changes_with_the_version(source, cache, monkeypatch):
    first = prepare(DATASETS["ag_news"], source, cache)
    monkeypatch.setattr(prepared, "PREPARATION_VERSION", prepared.PREPARATION_VERSION + 1)
    second = prepare(DATASETS["ag_news"], source, cache)
    assert folders(cache) == sorted([first.folder, second.folder])
    assert first.folder != second.folder


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("shape", (2,), lambda data: data.inputs.shape == (8, 2)),
        ("vocabulary", 2, lambda data: data.vocabulary == ("<pad>", "<unk>")),
        ("min_frequency", 1, lambda data: "final" in data.vocabulary),
        ("tokens", "characters", lambda data: "c" in data.vocabulary),
    ],
)
def test_the_key_changes_with_the_settings_of_the_card(setting, value, expected, source, cache):
    first = prepare(DATASETS["ag_news"], source, cache)
    assert not expected(first)
    news = DATASETS["ag_news"]
    second = prepare(replace(news, card=replace(news.card, **{setting: value})), source, cache)
    assert first.folder != second.folder
    assert expected(second)


def test_the_key_does_not_change_with_words_about_the_data_set(source, cache):
    news = DATASETS["ag_news"]
    said = replace(news.card, title="News", note="new", licence="other")
    second = prepare(replace(news, card=said), source, cache)
    assert second.folder == prepare(news, source, cache).folder
    assert second.card == said


def test_another_process_opens_a_bank_with_the_cards_of_this_one(source, cache):
    mnist = DATASETS["mnist"]
    prepare(mnist, source, cache)
    changed = prepare(replace(mnist, card=replace(mnist.card, mean=(0.25,))), source, cache)
    assert pickle.loads(pickle.dumps(Bank([changed])))["mnist"].card.mean == (0.25,)


def test_sources_have_folders_of_their_own(source, cache):
    names = {
        prepare(DATASETS["mnist"], one, cache).folder.name.rsplit("-", 1)[0] for one in (source, Source("embedded"))
    }
    assert names == {"mnist-mirror", "mnist-embedded"}


@pytest.mark.parametrize("name", ["inputs.npy", "labels.npy", "vocabulary.txt", "meta.json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone"])
def test_a_damaged_file_in_the_cache_is_prepared_again(name, damage, source, cache):
    first = prepare(DATASETS["ag_news"], source, cache)
    whole = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    path = first.folder / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[name][:-1] if damage == "cut" else b"")
    told = []
    second = prepare(DATASETS["ag_news"], source, cache, told.append)
    assert told == ["preparing ag_news (mirror)"]
    assert {path.name: path.read_bytes() for path in second.folder.iterdir()} == whole
    assert folders(cache) == [second.folder]


def test_writing_to_the_tensors_never_reaches_the_files(source, cache):
    data = prepare(DATASETS["mnist"], source, cache)
    whole = {path.name: path.read_bytes() for path in data.folder.iterdir()}
    inputs, labels = data.inputs.clone(), data.labels.clone()
    data.inputs.fill_(7)
    data.labels.add_(1)
    assert (data.inputs == 7).all()
    again = open_prepared(data.folder)
    assert torch.equal(again.inputs, inputs)
    assert torch.equal(again.labels, labels)
    assert {path.name: path.read_bytes() for path in data.folder.iterdir()} == whole


def test_the_tensors_are_mapped_not_read(source, cache, monkeypatch):
    folder = prepare(DATASETS["mnist"], source, cache).folder
    modes = []
    load = np.load
    monkeypatch.setattr(np, "load", lambda path, mmap_mode=None: (modes.append(mmap_mode), load(path, mmap_mode))[1])
    open_prepared(folder)
    assert modes == ["c", "c"]


@pytest.mark.parametrize("failing", ["inputs.npy", "labels.npy"])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on the disk"),
        (OSError("1000 requested and 10 written"), "no space left on the disk"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk quota is used up"),
    ],
    ids=["full", "full, in the words of NumPy", "quota"],
)
def test_a_full_disk_is_one_line_and_leaves_no_folder(failing, error, words, source, cache, monkeypatch):
    save = np.save

    def full(path, array):
        if path.name == failing:
            path.write_bytes(b"a part")
            raise error
        save(path, array)

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(UserError) as caught:
            prepare(DATASETS["mnist"], source, cache)
    message = str(caught.value)
    assert message == (
        f"cannot write prepared mnist to {cache}: {words}; free some space or set CHAOSCL_CACHE to another folder"
    )
    assert folders(cache) == []
    assert prepare(DATASETS["mnist"], source, cache).train_rows == 8


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a bug"), OSError(errno.EIO, "input/output")])
def test_any_other_failure_leaves_no_folder_and_is_not_renamed(error, source, cache, monkeypatch):
    def fail(path, array):
        path.touch()
        raise error

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(type(error)) as caught:
        prepare(DATASETS["mnist"], source, cache)
    assert caught.value is error
    assert folders(cache) == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 512 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], capture_output=True, text=True
        )
    except FileNotFoundError:
        pytest.skip("no mount command")
    if done.returncode:
        pytest.skip(f"mounting a small file system is not permitted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_is_really_full(small_disk):
    with pytest.raises(UserError, match=f"^cannot write prepared mnist to {small_disk}: no space left on the disk; "):
        prepare(DATASETS["mnist"], Source("embedded"), small_disk)
    assert folders(small_disk) == []
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    assert prepare(DATASETS["mnist"], Source("embedded"), small_disk).train_rows == 3000


def test_a_cache_that_cannot_be_made_is_one_line(source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        UserError, match=r"cannot write prepared mnist to .*a part of the path is a file; .*CHAOSCL_CACHE"
    ):
        prepare(DATASETS["mnist"], source, tmp_path / "file" / "cache")


def test_of_several_processes_at_once_one_prepares(cache):
    # A fork server imports the package once; its children are as clean as freshly started processes.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chaoscl.data"])
    told = context.SimpleQueue()
    processes = [
        context.Process(target=prepare, args=(DATASETS["mnist"], Source("embedded"), cache, told.put)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert told.get() == "preparing mnist (embedded)"
    assert told.empty()
    assert len(folders(cache)) == 1
    assert open_prepared(folders(cache)[0]).train_rows == 3000


def test_an_unknown_data_set_is_refused(cache):
    with pytest.raises(UserError, match="unknown data set 'nist'"):
        prepare(DATASETS["nist"], Source("embedded"), cache)
    assert not cache.exists()
