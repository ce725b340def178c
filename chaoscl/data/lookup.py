"""Data sets by name or by place: registered ones, Parquet folders without any Python, hub names, image folders, CSV."""

from pathlib import Path

from chaoscl.data.dataset import DATASETS, Dataset
from chaoscl.errors import unknown


def find_dataset(text: str, folder: Path | None = None) -> Dataset:
    """Return the data set that a name or place stands for.

    Args:
        text: a registered name; the name of a subfolder with ``train.parquet`` and ``test.parquet``; or a place:
            ``hf:OWNER/NAME@REVISION``, ``folder:PATH`` (images in train/CLASS/ and test/CLASS/), ``csv:PATH``
            (train.csv and test.csv with columns text and label).
        folder: the mirror folder, or None.

    Raises:
        UserError: there is none.
    """
    if text in DATASETS:
        return DATASETS[text]
    if ":" in text:
        from chaoscl.data.places import dataset_at

        return dataset_at(text)
    if folder is not None and (folder / text / "train.parquet").is_file():
        from chaoscl.data.places import parquet_dataset

        return parquet_dataset(text, folder)
    more = f"; or a folder {text}/ with train.parquet and test.parquet in --data-dir"
    raise unknown("data set", text, DATASETS, more)
