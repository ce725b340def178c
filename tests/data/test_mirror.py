import csv
import io
import json
import shutil
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from chaoscl.data import DATASETS, Source, mirror, open_prepared, prepare
from chaoscl.data.embedded import NAMES
from chaoscl.errors import UserError

MNIST, AG_NEWS, CIFAR10 = DATASETS["mnist"].card, DATASETS["ag_news"].card, DATASETS["cifar10"].card
SPLITS = ("train", "test")
same_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def no_other_source(monkeypatch):
    """Any turn to another source fails the test."""

    def touched(*_):
        raise AssertionError("another source was asked")

    monkeypatch.setattr("chaoscl.data.embedded.generate", touched)
    monkeypatch.setattr("chaoscl.data.official.read", touched)


def test_images_are_read_pixel_for_pixel_in_order(tiny, pixels):
    train, test = (mirror.read(MNIST, tiny.folder, split) for split in ("train", "test"))
    assert np.array_equal(train.inputs, pixels[:8, None])
    assert np.array_equal(test.inputs, pixels[8:, None])
    assert train.inputs.dtype == np.uint8
    assert train.labels.dtype == np.int64
    assert test.labels.tolist() == [8, 9, 0, 1]


def test_colour_images_come_with_channels_first(tiny):
    pixels = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    tiny.images("cifar10", "train", pixels, [0, 5, 9])
    assert np.array_equal(mirror.read(CIFAR10, tiny.folder, "train").inputs, pixels.transpose(0, 3, 1, 2))


def test_texts_are_read_as_they_are(tiny):
    tiny.texts("ag_news", "train", ["É\n\u2028 <br />", ""], [3, 0])
    raw = mirror.read(AG_NEWS, tiny.folder, "train")
    assert raw.inputs == ["É\n\u2028 <br />", ""]
    assert raw.labels.tolist() == [3, 0]


def declare(tiny, names):
    """Add to the training file of mnist what `datasets` writes of the names of its labels."""
    table = mirror.pq.read_table(tiny.file("mnist"))
    said = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    mirror.pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(said)}), tiny.file("mnist"))


def table_as(kind):
    """Return a change of a table: its samples and labels as they are stored otherwise."""
    changes = {
        "dictionary": lambda column: column.dictionary_encode(),
        "large": lambda column: column.cast(pa.large_string() if pa.types.is_string(column.type) else column.type),
        "view": lambda column: column.cast(pa.string_view() if pa.types.is_string(column.type) else column.type),
        "chunks": lambda column: pa.chunked_array(
            [column.slice(0, 1).combine_chunks(), column.slice(1).combine_chunks()]
        ),
    }
    return changes[kind]


@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize("kind", ["dictionary", "large", "view", "chunks"])
def test_texts_and_labels_are_read_however_the_table_stores_them(kind, names, tiny):
    plain = mirror.read(AG_NEWS, tiny.folder, "train")
    table = mirror.pq.read_table(tiny.file("ag_news"))
    labels = pa.chunked_array([[AG_NEWS.classes[label] for label in plain.labels]]) if names else table["label"]
    change = table_as(kind)
    tiny.write("ag_news", "train", {"label": change(labels), "id": list("abcdef"), "text": change(table["text"])})
    again = mirror.read(AG_NEWS, tiny.folder, "train")
    assert again.inputs == plain.inputs
    assert again.labels.tolist() == plain.labels.tolist()
    assert again.labels.dtype == np.int64
    assert again.remarks == ()


@pytest.mark.parametrize("kind", ["binary", "large_binary", "struct", "struct of large_binary", "dictionary"])
def test_images_are_read_however_the_table_stores_their_bytes(kind, tiny, pixels):
    files = [row["bytes"] for row in mirror.pq.read_table(tiny.file("mnist"))["image"].to_pylist()]
    stored = {
        "binary": lambda: pa.array(files),
        "large_binary": lambda: pa.array(files, "large_binary"),
        "struct": lambda: pa.array([{"bytes": file} for file in files]),
        "struct of large_binary": lambda: pa.array(
            [{"bytes": file} for file in files], pa.struct({"bytes": "large_binary"})
        ),
        "dictionary": lambda: pa.array(files).dictionary_encode(),
    }[kind]()
    tiny.write("mnist", "train", {"image": stored, "label": range(8)})
    assert np.array_equal(mirror.read(MNIST, tiny.folder, "train").inputs, pixels[:8, None])


def test_byte_order_marks_are_left_out_of_column_names_texts_labels_and_manifest(tiny):
    tiny.write("ag_news", "train", {"\ufefftext": ["\ufeffCup", "a\ufeff"], "label": ["\ufeffSports", "World"]})
    raw = mirror.read(AG_NEWS, tiny.folder, "train")
    assert raw.inputs == ["Cup", "a\ufeff"]
    assert raw.labels.tolist() == [1, 0]
    tiny.manifest()
    plain = mirror.remarks(AG_NEWS, tiny.folder)
    path = tiny.folder / "MANIFEST.json"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert mirror.remarks(AG_NEWS, tiny.folder) == plain == "train: train remark test: test remark"


def test_a_folder_that_looks_like_a_partition_is_a_folder(tiny, pixels, tmp_path):
    folder = tmp_path / "label=3" / "image=2"
    shutil.copytree(tiny.folder, folder)
    raw = mirror.read(MNIST, folder, "train")
    assert raw.labels.tolist() == list(range(8))
    assert np.array_equal(raw.inputs, pixels[:8, None])


def test_labels_declared_in_another_order_are_renumbered_and_that_is_said(tiny, tmp_path):
    declare(tiny, list("9876543210"))
    raw = mirror.read(MNIST, tiny.folder, "train")
    assert raw.labels.tolist() == [9, 8, 7, 6, 5, 4, 3, 2]
    data = prepare(DATASETS["mnist"], Source("mirror", tiny.folder), tmp_path / "cache")
    assert data.remarks[0] == "train: labels numbered by the class names that the file declares."


def test_what_was_done_to_images_is_counted(tiny, pixels, tmp_path):
    wide = [Image.fromarray(one.astype(np.uint16) * 257) for one in pixels[:3]]
    rows = []
    for image in (*wide, Image.fromarray(pixels[3])):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        rows.append({"bytes": buffer.getvalue(), "path": None})
    tiny.write("mnist", "test", {"image": rows, "label": [0, 1, 2, 3]})
    raw = mirror.read(MNIST, tiny.folder, "test")
    assert np.array_equal(raw.inputs, pixels[:4, None])
    assert raw.remarks == ("3 of 4 images: 16-bit values 0..65535 scaled to 0..255",)
    tiny.manifest()
    data = prepare(DATASETS["mnist"], Source("mirror", tiny.folder), tmp_path / "cache")
    assert data.remarks[0] == "test: 3 of 4 images: 16-bit values 0..65535 scaled to 0..255."
    assert data.note == " ".join(["train: train remark test: test remark.", *data.remarks])
    assert open_prepared(data.folder).remarks == data.remarks


def missing(tiny, pixels):
    tiny.file("mnist").unlink()
    return "is missing"


def cut(tiny, pixels):
    content = tiny.file("mnist").read_bytes()
    tiny.file("mnist").write_bytes(content[: len(content) // 2])
    return "not a readable Parquet file"


def empty_file(tiny, pixels):
    tiny.file("mnist").write_bytes(b"")
    return "not a readable Parquet file"


def cut_with_manifest(tiny, pixels):
    tiny.manifest()
    cut(tiny, pixels)
    return "MANIFEST.json says"


def changed_behind_the_manifest(tiny, pixels):
    tiny.manifest()
    tiny.images("mnist", "train", pixels[:8], [1, 1, 1, 1, 1, 1, 1, 1])
    return "MANIFEST.json says"


def hash_that_is_a_number(tiny, pixels):
    (tiny.folder / "MANIFEST.json").write_text(json.dumps({"files": {"mnist/train.parquet": {"sha256": 12}}}))
    return "MANIFEST.json says 12"


def no_label_column(tiny, pixels):
    tiny.write("mnist", "train", {"image": [{"bytes": b"", "path": ""}], "target": [0]})
    return "has no column 'label' (it has: image, target)"


def no_image_column(tiny, pixels):
    tiny.write("mnist", "train", {"text": ["a"], "label": [0]})
    return "has no column 'image' (it has: text, label)"


def no_rows(tiny, pixels):
    tiny.write(
        "mnist", "train", {"image": pa.array([], pa.struct({"bytes": pa.binary()})), "label": pa.array([], "i8")}
    )
    return "has no rows"


def empty_labels(tiny, pixels):
    tiny.images("mnist", "train", pixels[:3], [0, None, None])
    return "has 2 empty values in column 'label'"


def empty_images(tiny, pixels):
    tiny.write("mnist", "train", {"image": [{"bytes": b"x"}, None], "label": [0, 1]})
    return "has 1 empty values in column 'image'"


def image_without_bytes(tiny, pixels):
    tiny.write("mnist", "train", {"image": [{"bytes": None, "path": "a.png"}], "label": [0]})
    return "row 0: no readable image"


def image_as_path_only(tiny, pixels):
    tiny.write("mnist", "train", {"image": [{"path": "a.png"}], "label": [0]})
    return "row 0: no readable image (only the path of a file, not its bytes"


def image_as_path(tiny, pixels):
    tiny.write("mnist", "train", {"image": ["a.png"], "label": [0]})
    return "row 0: no readable image (only the path of a file, not its bytes"


def image_as_number(tiny, pixels):
    tiny.write("mnist", "train", {"image": [7], "label": [0]})
    return "row 0: no readable image (column 'image' holds int64"


def image_as_list(tiny, pixels):
    tiny.write("mnist", "train", {"image": [[[7]]], "label": [0]})
    return "row 0: no readable image (column 'image' holds list<"


def images_with_bytes(tiny, pixels, change):
    tiny.images("mnist", "train", pixels[:3], [0, 1, 2])
    rows = mirror.pq.read_table(tiny.file("mnist"))["image"].to_pylist()
    rows[2]["bytes"] = change(rows[2]["bytes"])
    tiny.write("mnist", "train", {"image": rows, "label": [0, 1, 2]})


def image_of_junk(tiny, pixels):
    images_with_bytes(tiny, pixels, lambda content: b"not an image")
    return "row 2: no readable image"


def image_cut(tiny, pixels):
    images_with_bytes(tiny, pixels, lambda content: content[: len(content) // 2])
    return "row 2: no readable image"


def image_with_a_broken_chunk(tiny, pixels):
    # A pixel chunk that is shorter than it is: what follows has no name, for which Pillow raises a SyntaxError.
    def shorten(content):
        at = content.index(b"IDAT") - 4
        return content[:at] + (int.from_bytes(content[at : at + 4], "big") - 100).to_bytes(4, "big") + content[at + 4 :]

    images_with_bytes(tiny, pixels, shorten)
    return "row 2: no readable image (broken PNG file"


def image_of_huge_size(tiny, pixels):
    def enlarge(content):
        header = b"IHDR" + 2 * (1 << 20).to_bytes(4, "big") + content[24:29]
        return content[:12] + header + zlib.crc32(header).to_bytes(4, "big") + content[33:]

    images_with_bytes(tiny, pixels, enlarge)
    return "row 2: no readable image (Image size (1099511627776 pixels) exceeds limit"


def image_of_another_size(tiny, pixels):
    tiny.images("mnist", "train", pixels[:2, :27], [0, 1])
    return "row 0: image of size (27, 28), not (28, 28)"


def label_too_high(tiny, pixels):
    tiny.images("mnist", "train", pixels[:2], [0, 10])
    return "has label 10, outside 0..9 (train split)"


def label_negative(tiny, pixels):
    tiny.images("mnist", "train", pixels[:2], [0, -1])
    return "has label -1, outside 0..9 (train split)"


def label_with_a_fraction(tiny, pixels):
    tiny.images("mnist", "train", pixels[:2], [0.0, 1.5])
    return "column 'label' does not hold whole numbers"


def label_that_is_no_class(tiny, pixels):
    tiny.images("mnist", "train", pixels[:2], ["0", "eleven"])
    return "label 'eleven' is none of the classes 0, 1, 2"


def label_that_is_a_flag(tiny, pixels):
    tiny.images("mnist", "train", pixels[:2], [True, False])
    return "column 'label' does not hold whole numbers or class names, but bool"


def label_that_is_no_text(tiny, pixels):
    wrong = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 3], np.int32)), pa.py_buffer(b"0\xff\xfe"))
    tiny.images("mnist", "train", pixels[:2], wrong)
    return "'utf-8' codec can't decode"


def labels_declared_with_other_names(tiny, pixels):
    declare(tiny, ["one", "0"])
    return "the names that the file declares for its labels (one, 0) are not the classes 0, 1, 2"


def labels_with_null_in_a_dictionary(tiny, pixels):
    tiny.images("mnist", "train", pixels[:2], pa.array(["0", None]).dictionary_encode())
    return "has 1 empty values in column 'label'"


def two_label_columns(tiny, pixels):
    table = mirror.pq.read_table(tiny.file("mnist"))
    mirror.pq.write_table(table.append_column("\ufefflabel", table["label"]), tiny.file("mnist"))
    return "has more than one column 'label'"


def image_partly_transparent(tiny, pixels):
    buffer = io.BytesIO()
    Image.merge("LA", [Image.new("L", (28, 28)), Image.fromarray(pixels[0])]).save(buffer, "PNG")
    images_with_bytes(tiny, pixels, lambda content: buffer.getvalue())
    return "row 2: image in mode LA with transparent pixels"


def image_with_broken_exif(tiny, pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels[0]).save(buffer, "PNG", exif=b"Exif\x00\x00II*\x00\xff")
    images_with_bytes(tiny, pixels, lambda content: buffer.getvalue())
    return "row 2: no readable image"


IMAGE_FAULTS = (
    missing, cut, empty_file, cut_with_manifest, changed_behind_the_manifest, hash_that_is_a_number, no_label_column,
    no_image_column, no_rows, empty_labels, empty_images, image_without_bytes, image_as_path_only, image_as_number,
    image_as_path, image_as_list, image_partly_transparent, image_with_broken_exif, two_label_columns,
    image_of_junk, image_cut, image_with_a_broken_chunk, image_of_huge_size, image_of_another_size, label_too_high,
    label_negative, label_with_a_fraction, label_that_is_no_class, label_that_is_a_flag, label_that_is_no_text,
    labels_declared_with_other_names, labels_with_null_in_a_dictionary,
)  # fmt: skip


@pytest.mark.parametrize("fault", IMAGE_FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.usefixtures("no_other_source")
def test_a_broken_image_mirror_is_refused_and_leaves_nothing(fault, tiny, pixels, refused, tmp_path):
    words = fault(tiny, pixels)
    with refused("mnist: ", tiny.file("mnist"), words):
        prepare(DATASETS["mnist"], Source("mirror", tiny.folder), tmp_path / "cache")
    assert [
        path for path in (tmp_path / "cache").rglob("*") if path.suffix != ".lock" and path.name != "prepared"
    ] == []


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([1, 2], "row 0: column 'text' does not hold text"),
        ([["a"], ["b"]], "row 0: column 'text' does not hold text"),
        (["a", None], "has 1 empty values in column 'text'"),
        (
            pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 3], np.int32)), pa.py_buffer(b"a\xff\xfe")),
            "not a readable Parquet file ('utf-8'",
        ),
    ],
    ids=["numbers", "lists", "null", "not UTF-8"],
)
@pytest.mark.usefixtures("no_other_source")
def test_a_broken_text_mirror_is_refused_and_leaves_nothing(texts, words, split, tiny, refused, tmp_path):
    tiny.texts("ag_news", split, texts, [0, 1])
    with refused("ag_news: ", tiny.file("ag_news", split), words):
        prepare(DATASETS["ag_news"], Source("mirror", tiny.folder), tmp_path / "cache")
    assert not list((tmp_path / "cache" / "prepared").glob("*/"))


@pytest.mark.parametrize("content", ["", '{"files": {', "\x00" * 40])
def test_a_broken_manifest_is_not_taken_for_none(content, tiny, refused):
    (tiny.folder / "MANIFEST.json").write_text(content)
    with refused(tiny.folder / "MANIFEST.json", "not readable JSON"):
        mirror.fingerprint(MNIST, tiny.folder)


@pytest.mark.parametrize("content", ["[]", "{}", '{"files": {}}', '{"files": {"mnist/train.parquet": {}}}'])
def test_a_manifest_that_says_nothing_of_a_file_allows_it(content, tiny):
    plain = mirror.fingerprint(MNIST, tiny.folder)
    (tiny.folder / "MANIFEST.json").write_text(content)
    assert mirror.fingerprint(MNIST, tiny.folder) == plain
    assert mirror.remarks(MNIST, tiny.folder) == ""


def test_the_fingerprint_changes_with_either_file_and_not_with_the_manifest(tiny, pixels):
    prints = [mirror.fingerprint(MNIST, tiny.folder)]
    tiny.manifest()
    assert mirror.fingerprint(MNIST, tiny.folder) == prints[0]
    (tiny.folder / "MANIFEST.json").unlink()
    for split in ("train", "test"):
        tiny.images("mnist", split, pixels[:2], [0, 1])
        prints.append(mirror.fingerprint(MNIST, tiny.folder))
    assert len(set(prints)) == 3


def test_a_file_that_may_not_be_read_is_refused(tiny, refused, monkeypatch):
    path = tiny.file("mnist")
    opened = type(path).open

    def no_entry(self, *args, **options):
        if self == path:
            raise PermissionError(13, "Permission\ndenied", str(self))
        return opened(self, *args, **options)

    monkeypatch.setattr(type(path), "open", no_entry)
    with refused(path, "cannot be read", "Permission denied"):
        mirror.fingerprint(MNIST, tiny.folder)


@same_files
@given(st.data())
def test_a_file_cut_anywhere_is_refused(tiny, refused, data):
    whole = tiny.file("ag_news").read_bytes()
    keep = data.draw(st.integers(0, len(whole) - 1))
    try:
        tiny.file("ag_news").write_bytes(whole[:keep])
        with refused(tiny.file("ag_news")):
            mirror.read(AG_NEWS, tiny.folder, "train")
    finally:
        tiny.file("ag_news").write_bytes(whole)


@pytest.mark.parametrize("name", ["ag_news", "mnist"])
@same_files
@given(data=st.data())
def test_any_changed_byte_is_found_with_a_manifest_and_never_a_crash_without(tiny, refused, name, data):
    path = tiny.file(name)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    assume(whole[at] != byte)
    tiny.manifest()
    try:
        path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
        with refused(path, "damaged or cut short"):
            mirror.fingerprint(DATASETS[name].card, tiny.folder)
        with suppress(UserError):
            mirror.read(DATASETS[name].card, tiny.folder, "train")
    finally:
        path.write_bytes(whole)


@pytest.fixture(scope="session")
def real(mirror, cache_folder):
    """The real data sets by name, each prepared when it is first asked for."""
    return lambda name: prepare(DATASETS[name], Source("mirror", mirror), cache_folder)


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES)
def test_real_rows_and_classes_are_those_of_the_manifest(name, real, mirror):
    files = json.loads((mirror / "MANIFEST.json").read_text())["files"]
    data = real(name)
    assert data.source == "mirror"
    assert data.inputs.shape == (len(data.labels), *data.card.shape)
    assert (data.train_rows, data.test_rows) == tuple(files[f"{name}/{split}.parquet"]["rows"] for split in SPLITS)
    for split, labels in zip(SPLITS, (data.labels[: data.train_rows], data.labels[data.train_rows :]), strict=True):
        stated = files[f"{name}/{split}.parquet"]["rows_per_class"]
        assert labels.bincount(minlength=len(data.card.classes)).tolist() == list(stated.values())
        assert files[f"{name}/{split}.parquet"]["remarks"][0] in data.note


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES)
def test_real_tensors_are_those_of_the_committed_results(name, real):
    committed = set()
    for path in (Path(__file__).resolve().parents[2] / "results").rglob("data.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["source"] == "mirror"]
        committed |= {row["sha256"] for row in rows if row["dataset"] == name}
    if not committed:
        pytest.skip("no result on these data is committed")
    assert committed == {real(name).sha256}


@pytest.mark.real
@pytest.mark.parametrize(("name", "entries"), [("ag_news", 19_556), ("imdb", 29_116)])
def test_real_vocabularies_have_the_known_size(name, entries, real):
    data = real(name)
    assert len(data.vocabulary) == len(set(data.vocabulary)) == entries
    assert 0 <= data.inputs.min() <= data.inputs.max() < entries
    assert (data.inputs[: data.train_rows] == 1).float().mean() < 0.05


@pytest.mark.real
# Not the official pixels: CIFAR-10 is a JPEG copy here, EMNIST Letters a part with other sources.
@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("mnist", 1.5e-3), ("fashion_mnist", 1.5e-3), ("cifar10", 2.5e-3), ("emnist_letters", 4e-3)],
)
def test_real_pixels_have_the_mean_and_deviation_of_the_card(name, tolerance, real):
    data = real(name)
    levels = np.arange(256) / 255
    for channel, (mean, std) in enumerate(zip(data.card.mean, data.card.std, strict=True)):
        shares = np.bincount(data.inputs[: data.train_rows : 7, channel].numpy().ravel(), minlength=256).astype(float)
        shares /= shares.sum()
        found = float(shares @ levels)
        assert found == pytest.approx(mean, abs=tolerance)
        assert float(shares @ levels**2 - found**2) ** 0.5 == pytest.approx(std, abs=tolerance)


@pytest.mark.real
def test_real_letters_are_upright_and_labelled_from_0(real):
    letters = real("emnist_letters")
    assert sorted(set(letters.labels.tolist())) == list(range(26))
    t, u = (
        letters.inputs[letters.labels == letters.card.classes.index(name), 0].double().mean(0) for name in ("T", "U")
    )
    # The bar of a T is on top, not at the left; a U is open on top and closed at the left.
    assert t[4:11].sum() > 1.2 * t[:, 4:11].sum()
    assert 2 * u[5:10, 11:17].sum() < u[11:17, 5:10].sum()
    assert t[4:11].sum() > 1.2 * t[17:24].sum()


@pytest.mark.real
def test_a_real_file_cut_short_is_refused(mirror, tiny, refused, tmp_path):
    (tiny.folder / "emnist_letters").mkdir()
    for split in SPLITS:
        content = (mirror / "emnist_letters" / f"{split}.parquet").read_bytes()
        tiny.file("emnist_letters", split).write_bytes(content[:-1] if split == "train" else content)
    with refused(tiny.file("emnist_letters"), "not a readable Parquet file"):
        prepare(DATASETS["emnist_letters"], Source("mirror", tiny.folder), tmp_path / "cache")
    (tiny.folder / "MANIFEST.json").write_bytes((mirror / "MANIFEST.json").read_bytes())
    with refused(tiny.file("emnist_letters"), "damaged or cut short"):
        prepare(DATASETS["emnist_letters"], Source("mirror", tiny.folder), tmp_path / "cache")
