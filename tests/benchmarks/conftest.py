import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image


def _png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def write_mirror():
    """Return a writer of a mirror folder with a few grey images of one data set."""

    def write(folder, name, rows=40):
        draws = np.random.default_rng(0)
        (folder / name).mkdir(parents=True)
        for split in ("train", "test"):
            pixels = draws.integers(0, 256, (rows, 28, 28), dtype=np.uint8)
            images = [{"bytes": _png(image), "path": ""} for image in pixels]
            pq.write_table(
                pa.table({"image": images, "label": [row % 10 for row in range(rows)]}),
                folder / name / f"{split}.parquet",
            )
        return folder

    return write
