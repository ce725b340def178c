import errno
import hashlib
import inspect
import pickle

import datasets
import numpy as np
import pytest
import torchvision

from chaoscl.data import DATASETS, Source, official, prepare
from chaoscl.errors import UserError

IMAGES = ("mnist", "fashion_mnist", "cifar10", "emnist_letters")
GREY = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}
pytestmark = pytest.mark.usefixtures("no_network")


def write_idx(path, array):
    """Write uint8 values in the format of the official files: magic number, sizes, bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = np.array(array.shape, dtype=">i4").tobytes()
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


def write_mnist(folder, name, pixels, labels, prefixes=("train", "t10k")):
    """Write the same rows as both splits, the test split in reverse."""
    for prefix, step in zip(prefixes, (1, -1), strict=True):
        raw = folder / "torchvision" / name / "raw"
        write_idx(raw / f"{prefix}-images-idx3-ubyte", np.ascontiguousarray(pixels[::step]))
        write_idx(raw / f"{prefix}-labels-idx1-ubyte", np.array(labels, dtype=np.uint8)[::step])


@pytest.mark.parametrize("name", GREY)
def test_torchvision_reads_the_grey_sets(name, tmp_path, pixels):
    labels = [*range(10), 0, 1]
    write_mnist(tmp_path, GREY[name], pixels, labels)
    train, test = (official.read(DATASETS[name], tmp_path, split) for split in ("train", "test"))
    assert np.array_equal(train.inputs, pixels[:, None])
    assert np.array_equal(test.inputs, pixels[::-1, None])
    assert train.labels.tolist() == labels
    assert test.labels.tolist() == labels[::-1]
    assert (train.inputs.dtype, train.labels.dtype) == (np.uint8, np.int64)


def test_emnist_comes_out_upright_and_with_labels_from_0(tmp_path, pixels):
    stored = pixels.transpose(0, 2, 1)  # as the official files hold it
    labels = [1, 26, *range(2, 12)]
    write_mnist(
        tmp_path, "EMNIST", np.ascontiguousarray(stored), labels, ("emnist-letters-train", "emnist-letters-test")
    )
    train, test = (official.read(DATASETS["emnist_letters"], tmp_path, split) for split in ("train", "test"))
    assert np.array_equal(train.inputs, pixels[:, None])
    assert np.array_equal(test.inputs, pixels[::-1, None])
    assert train.labels.tolist() == [0, 25, *range(1, 11)]
    assert (train.inputs.dtype, train.labels.dtype) == (np.uint8, np.int64)
    assert train.inputs.flags.c_contiguous


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    """The official layout with two rows in every file, and torchvision's list of hashes adapted to it."""
    reader = torchvision.datasets.CIFAR10
    folder = tmp_path / "torchvision" / reader.base_folder
    folder.mkdir(parents=True)

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    rng = np.random.default_rng(2)
    names = [name for name, _ in (*reader.train_list, *reader.test_list)]
    rows = {name: rng.integers(0, 256, (2, 3 * 32 * 32), dtype=np.uint8) for name in names}
    hashes = [write(name, {"data": rows[name], "labels": [number, 9]}) for number, name in enumerate(names)]
    monkeypatch.setattr(reader, "train_list", hashes[:5])
    monkeypatch.setattr(reader, "test_list", hashes[5:])
    meta, digest = write(reader.meta["filename"], {"label_names": list(DATASETS["cifar10"].card.classes)})
    monkeypatch.setattr(reader, "meta", {"filename": meta, "key": "label_names", "md5": digest})
    return folder, np.stack(list(rows.values())).reshape(-1, 3, 32, 32)


def test_torchvision_reads_cifar10(cifar10, tmp_path):
    _, pixels = cifar10
    train, test = (official.read(DATASETS["cifar10"], tmp_path, split) for split in ("train", "test"))
    assert np.array_equal(train.inputs, pixels[:10])
    assert np.array_equal(test.inputs, pixels[10:])
    assert train.labels.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert test.labels.tolist() == [5, 9]
    assert (train.inputs.dtype, train.labels.dtype) == (np.uint8, np.int64)
    assert train.inputs.flags.c_contiguous


def test_a_file_of_cifar10_with_another_hash_is_refused(cifar10, tmp_path, refused):
    folder, _ = cifar10
    (folder / "test_batch").write_bytes((folder / "data_batch_1").read_bytes())
    with refused("cifar10: the official train split could not be had"):
        official.read(DATASETS["cifar10"], tmp_path, "train")


@pytest.fixture
def hub(monkeypatch):
    """Hugging Face's load_dataset, answered from memory; the calls are kept."""
    calls = []
    signature = inspect.signature(datasets.load_dataset)
    answers = {"train": {"text": ["a", "B\n"], "label": [1, 0]}, "test": {"text": ["c"], "label": [1]}}

    def load_dataset(*args, **options):
        calls.append(signature.bind(*args, **options).arguments)
        return datasets.Dataset.from_dict(answers[options["split"]])

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return calls


@pytest.mark.parametrize(
    ("name", "path", "revision"),
    [
        ("ag_news", "fancyzhx/ag_news", "eb185aade064a813bc0b7f42de02595523103ca4"),
        ("imdb", "stanfordnlp/imdb", "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"),
    ],
)
def test_texts_come_from_the_hub_at_the_revision_of_the_card(name, path, revision, hub, tmp_path):
    train, test = (official.read(DATASETS[name], tmp_path, split) for split in ("train", "test"))
    assert train.inputs == ["a", "B\n"]
    assert train.labels.tolist() == [1, 0]
    assert train.labels.dtype == np.int64
    assert (test.inputs, test.labels.tolist()) == (["c"], [1])
    expected = {"path": path, "revision": revision, "cache_dir": str(tmp_path / "huggingface")}
    assert hub == [{**expected, "split": "train"}, {**expected, "split": "test"}]


@pytest.mark.parametrize("name", IMAGES)
def test_without_network_images_are_refused_with_the_ways_out(name, tmp_path, refused):
    with refused(f"{name}: the official train split could not be had", "network blocked"):
        official.read(DATASETS[name], tmp_path, "train")


@pytest.mark.parametrize("error", [ConnectionError("no\nroute"), RuntimeError("odd"), KeyError("text")])
def test_any_failure_of_the_hub_is_refused_with_the_ways_out(error, tmp_path, refused, monkeypatch):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with refused("imdb: the official test split could not be had", type(error).__name__):
        official.read(DATASETS["imdb"], tmp_path, "test")


def test_a_failure_without_end_is_cut(tmp_path, refused, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("word " * 1000)

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with refused("word word") as caught:
        official.read(DATASETS["imdb"], tmp_path, "test")
    assert len(str(caught.error.value)) < 800


def test_a_full_disk_is_no_missing_network(tmp_path, monkeypatch):
    def fill(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("torchvision.datasets.MNIST", fill)
    with pytest.raises(UserError, match=r"cannot write prepared mnist .* no space left"):
        prepare(DATASETS["mnist"], Source("official"), tmp_path)


def test_a_user_who_stops_a_download_is_obeyed(tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "load_dataset", stop)
    with pytest.raises(KeyboardInterrupt):
        official.read(DATASETS["imdb"], tmp_path, "test")


def test_labels_that_the_card_does_not_allow_are_refused(tmp_path, pixels, refused):
    write_mnist(tmp_path, "MNIST", pixels, [10] * 12)
    with refused("the official train split has label 10"):
        official.read(DATASETS["mnist"], tmp_path, "train")


def test_a_cut_file_is_refused(tmp_path, pixels, refused):
    write_mnist(tmp_path, "MNIST", pixels, [1] * 12)
    path = tmp_path / "torchvision" / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with refused("the official train split could not be had"):
        official.read(DATASETS["mnist"], tmp_path, "train")


def test_prepare_keeps_downloads_in_the_cache_and_nothing_when_there_are_none(tmp_path, pixels, refused):
    with refused("mnist: "):
        prepare(DATASETS["mnist"], Source("official"), tmp_path)
    assert not list((tmp_path / "prepared").glob("*/"))
    write_mnist(tmp_path / "downloads", "MNIST", pixels, [1] * 12)
    mnist = prepare(DATASETS["mnist"], Source("official"), tmp_path)
    assert (mnist.source, mnist.train_rows, mnist.test_rows) == ("official", 12, 12)
    assert mnist.folder.name.startswith("mnist-official-")
