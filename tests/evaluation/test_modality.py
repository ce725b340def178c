"""Forgetting blocks by modality, solved by hand, and the sum they share out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaoscl.evaluation import metrics, per_task
from chaoscl.evaluation.modality import ForgettingBlock, forgetting_blocks


def test_blocks_of_four_tasks():
    table = [
        [0.0, 0.0, 0.0, 0.0],
        [0.8, 0.3, 0.1, 0.4],
        [0.6, 0.9, 0.2, 0.5],
        [0.7, 0.5, 0.6, 0.6],
        [0.4, 0.6, 0.5, 1.0],
    ]
    # step 2 (image): task 1 (text)  0.8 - 0.6 =  0.2   image -> text
    # step 3 (text):  task 1 (text)  0.6 - 0.7 = -0.1   text -> text
    #                 task 2 (image) 0.9 - 0.5 =  0.4   text -> image
    # step 4 (image): task 1 (text)  0.7 - 0.4 =  0.3   image -> text
    #                 task 2 (image) 0.5 - 0.6 = -0.1   image -> image
    #                 task 3 (text)  0.6 - 0.5 =  0.1   image -> text
    blocks = forgetting_blocks(table, ("text", "image", "text", "image"))
    found = [(b.source, b.target, round(b.total, 12), round(b.mean, 12), b.pairs) for b in blocks]
    assert found == [
        ("text", "text", -0.1, -0.1, 1),
        ("text", "image", 0.4, 0.4, 1),
        ("image", "text", 0.6, 0.2, 3),
        ("image", "image", -0.1, -0.1, 1),
    ]


def test_a_block_without_pairs_has_no_mean():
    blocks = forgetting_blocks([[0.5, 0.5], [0.9, 0.5], [0.6, 0.9]], ("text", "image"))
    by_pair = {(block.source, block.target): block for block in blocks}
    assert by_pair["image", "text"] == ForgettingBlock("image", "text", pytest.approx(0.3), pytest.approx(0.3), 1)
    for pair in (("text", "text"), ("text", "image"), ("image", "image")):
        assert by_pair[pair].pairs == 0
        assert by_pair[pair].total == 0.0
        assert math.isnan(by_pair[pair].mean)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_blocks_add_up_to_first_last_forgetting(data):
    size = data.draw(st.integers(2, 5))
    cells = data.draw(st.lists(st.floats(0, 1), min_size=size * (size + 1), max_size=size * (size + 1)))
    table = np.array(cells).reshape(size + 1, size)
    modalities = data.draw(st.lists(st.sampled_from(["text", "image", "sound"]), min_size=size, max_size=size))
    blocks = forgetting_blocks(table, modalities)
    assert sum(block.total for block in blocks) == pytest.approx(
        per_task.forgetting_first_last_per_task(table)[:-1].sum(), abs=1e-12
    )
    assert sum(block.pairs for block in blocks) == size * (size - 1) // 2
    within = [block for block in blocks if block.source == block.target and block.pairs]
    if within:
        mean = sum(block.total for block in within) / sum(block.pairs for block in within)
        assert metrics.forgetting_within_modality(table, modalities) == pytest.approx(mean, abs=1e-12)
