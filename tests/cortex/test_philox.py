"""The counter-based generator against its published known answers, and the normal numbers against their formula."""

import math

import numpy as np
import pytest
from scipy import stats

numba = pytest.importorskip("numba", reason="the extra 'fast' is not installed")

from chaoscl.cortex.philox import LANES, block, fill_words, gaussian_pair  # noqa: E402


@numba.njit(error_model="numpy")
def words_of(first, blocks, key):
    words = np.zeros(4 * blocks * LANES, np.uint32)
    fill_words(first, blocks, key, words)
    return words


@numba.njit(error_model="numpy")
def block_of(element, number, key):
    return block(numba.uint64(element), numba.uint64(number), numba.uint64(key))


@numba.njit(error_model="numpy")
def pairs(first, second):
    out = np.zeros((2, first.size), np.float32)
    for i in range(first.size):
        out[0, i], out[1, i] = gaussian_pair(first[i], second[i])
    return out


def philox(counter, key):
    """Philox4x32-10 in plain integers, as the paper writes it."""
    low = 2**32 - 1
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = ((b >> 32) ^ counter[1] ^ key[0], b & low, (a >> 32) ^ counter[3] ^ key[1], a & low)
        key = ((key[0] + 0x9E3779B9) & low, (key[1] + 0xBB67AE85) & low)
    return counter


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_plain_one_gives_the_known_answers_of_its_authors(counter, key, answer):
    # From kat_vectors of Random123, the authors' library.
    assert philox(counter, key) == answer


@pytest.mark.parametrize("element", [0, 5, 2**32 - 1, 2**40 + 3])
@pytest.mark.parametrize("number", [0, 1, 7])
def test_a_block_is_the_plain_ones(element, number):
    key = 0x0123456789ABCDEF
    expected = philox((element % 2**32, element >> 32, number, 0), (key % 2**32, key >> 32))
    assert tuple(int(word) for word in block_of(element, number, key)) == expected


def test_words_lie_where_they_are_promised():
    words = words_of(512, 2, np.uint64(99))
    for w, lane in ((0, 0), (3, 1), (4, 200), (7, LANES - 1)):
        assert words[w * LANES + lane] == philox((512 + lane, 0, w // 4, 0), (99, 0))[w % 4]


def test_pairs_are_box_and_mullers():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 2**32, (2, 20_000), dtype=np.uint64).astype(np.uint32)
    edges = np.array([0, 1, 255, 256, 2**29 - 1, 2**29, 2**30, 2**31, 3 * 2**30, 2**32 - 1], np.uint32)
    first, second = np.concatenate([first, np.repeat(edges, 10)]), np.concatenate([second, np.tile(edges, 10)])
    uniform = ((first >> 8).astype(np.float64) + 1) * 2.0**-24
    radius = np.sqrt(-2 * np.log(uniform))
    angle = 2 * math.pi * second / 2.0**32
    made = pairs(first, second)
    assert np.abs(made[0] - radius * np.cos(angle)).max() < 2e-6
    assert np.abs(made[1] - radius * np.sin(angle)).max() < 2e-6


def test_the_numbers_are_normal_and_independent():
    words = words_of(0, 2, np.uint64(2026)).reshape(8, LANES)
    drawn = np.concatenate([pairs(*words_of(i * LANES, 2, np.uint64(7)).reshape(8, LANES)[2:4]) for i in range(200)], 1)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 1e-4
    assert abs(np.corrcoef(drawn)[0, 1]) < 5 / math.sqrt(drawn.shape[1])
    assert len(np.unique(words)) == words.size
