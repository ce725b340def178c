"""Data sets without Python: Parquet folders, CSV files and image folders, and what is wrong with them in one line."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from chaoscl.data import Source, places, prepare
from chaoscl.data.lookup import find_dataset
from chaoscl.errors import UserError

ROWS = {"train": 12, "test": 6}


def write_csv(folder, labels=("good", "bad")):
    folder.mkdir(parents=True)
    for split, rows in ROWS.items():
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            writer.writerows([f"number {row}", labels[row % len(labels)]] for row in range(rows))
    return folder


def write_images(folder):
    for split, rows in ROWS.items():
        for row in range(rows):
            path = folder / split / ("dark", "light")[row % 2] / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 4, 3), (10, 200)[row % 2] + row, np.uint8)).save(path)
    return folder


def write_parquet(folder, columns=None):
    folder.mkdir(parents=True)
    for split, rows in ROWS.items():
        table = {"text": [f"words {row}" for row in range(rows)], "label": [row % 3 for row in range(rows)]}
        pq.write_table(pa.table(table if columns is None else columns), folder / f"{split}.parquet")
    return folder


def test_csv_files_are_a_data_set(tmp_path):
    data = find_dataset(f"csv:{write_csv(tmp_path / 'my reviews')}")
    assert (data.name, data.card.modality, data.card.classes) == ("my_reviews", "text", ("bad", "good"))
    ready = prepare(data, Source("embedded"), tmp_path / "cache")
    assert (ready.source, ready.train_rows, ready.test_rows) == ("local", 12, 6)
    assert ready.labels.tolist() == [1, 0] * 9


def test_a_changed_file_is_another_data_set(tmp_path):
    folder = write_csv(tmp_path / "reviews")
    first = prepare(find_dataset(f"csv:{folder}"), Source("official"), tmp_path / "cache")
    with (folder / "test.csv").open("a") as file:
        file.write("another,good\n")
    places._table.cache_clear()
    second = prepare(find_dataset(f"csv:{folder}"), Source("official"), tmp_path / "cache")
    assert (first.folder != second.folder, second.test_rows) == (True, 7)


def test_a_folder_of_images_is_a_data_set_with_the_moments_of_its_training_pixels(tmp_path):
    data = find_dataset(f"folder:{write_images(tmp_path / 'shades')}")
    assert (data.card.modality, data.card.classes, data.card.shape) == ("image", ("dark", "light"), (3, 8, 4))
    values = np.array([(10, 200)[row % 2] + row for row in range(12)]) / 255
    assert data.card.mean == pytest.approx([values.mean()] * 3, abs=1e-4)
    assert data.card.std == pytest.approx([values.std()] * 3, abs=1e-4)
    ready = prepare(data, Source("official"), tmp_path / "cache")
    assert ready.labels.tolist() == (ready.inputs[:, 0, 0, 0] > 100).int().tolist()


def test_a_parquet_folder_is_found_by_its_name_with_what_its_card_states(tmp_path):
    write_parquet(tmp_path / "mine")
    (tmp_path / "mine" / "card.toml").write_text(
        'classes = ["a", "b", "c"]\nshape = [3]\nmin_frequency = 1\nlicence = "mine"\n', encoding="utf-8"
    )
    data = find_dataset("mine", tmp_path)
    assert (data.card.classes, data.card.shape, data.card.licence) == (("a", "b", "c"), (3,), "mine")
    ready = prepare(data, Source("mirror", tmp_path), tmp_path / "cache")
    assert (ready.source, ready.inputs.shape) == ("mirror", (18, 3))


def test_without_a_card_the_labels_are_the_classes(tmp_path):
    write_parquet(tmp_path / "mine")
    assert find_dataset("mine", tmp_path).card.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mine", "unknown data set 'mine'.*or a folder mine/ with train.parquet and test.parquet in --data-dir"),
        ("ftp:x", "'ftp:x' is no place of data; give hf:OWNER/NAME@REVISION"),
        ("csv:", "is no place of data"),
        ("hf:owner/name", "give the revision too, hf:owner/name@REVISION"),
        ("csv:/nowhere", "'csv:/nowhere': the train split could not be had"),
        ("folder:/nowhere", "'folder:/nowhere': the train split could not be had"),
    ],
)
def test_a_place_without_data_is_one_line(text, words, tmp_path):
    with pytest.raises(UserError, match=words) as caught:
        find_dataset(text, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("card", "columns", "words"),
    [
        ("classes = [", None, "card.toml is not readable TOML"),
        ("colour = 1", None, "states colour; a card has: citation, classes"),
        ('classes = ["only"]', None, "it needs at least two classes"),
        ('modality = "sound"', None, "modality 'sound' is neither text nor image"),
        ("", {"words": ["a"], "label": [0]}, "needs the columns 'label' and 'text' or 'image', and has words, label"),
        ("", {"image": [b"no image"], "label": [0]}, "its first image is not readable"),
    ],
)
def test_a_folder_that_is_no_data_set_is_one_line(tmp_path, card, columns, words):
    write_parquet(tmp_path / "mine", columns)
    (tmp_path / "mine" / "card.toml").write_text(card, encoding="utf-8")
    with pytest.raises(UserError, match=words):
        find_dataset("mine", tmp_path)
