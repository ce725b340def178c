import hashlib
import re
from collections import Counter
from functools import cache

import numpy as np
import pytest

from chaoscl.data.embedded import CLASSES, GENERATOR_VERSION, NAMES, PER_CLASS, generate
from chaoscl.data.embedded.draws import Urn, order, pick
from chaoscl.data.embedded.grammar import finish, wrong_labels
from chaoscl.data.embedded.news import write_news
from chaoscl.data.embedded.reviews import write_reviews
from chaoscl.seeds import derive

IMAGES = ("mnist", "fashion_mnist", "cifar10", "emnist_letters")
TEXTS = ("ag_news", "imdb")
SHAPES = {"cifar10": (3, 32, 32)}
EXPECTED_CLASSES = {"ag_news": 4, "imdb": 2, "fashion_mnist": 10, "mnist": 10, "cifar10": 10, "emnist_letters": 26}


@cache
def split_of(name, split):
    return generate(name, split)


def digest(texts, labels):
    return hashlib.sha256("\n".join(texts).encode() + labels.astype("<i8").tobytes()).hexdigest()


def tokens(text):
    return re.findall(r"\w+", text.lower())


def test_names_are_the_six_data_sets():
    assert NAMES == ("ag_news", "imdb", "fashion_mnist", "mnist", "cifar10", "emnist_letters")
    assert CLASSES == EXPECTED_CLASSES
    assert GENERATOR_VERSION >= 1


@pytest.mark.parametrize("name", ["cifar100", "MNIST", ""])
def test_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ValueError, match="unknown data set") as caught:
        generate(name, "train")
    assert all(known in str(caught.value) for known in NAMES)


def test_unknown_split_is_refused():
    with pytest.raises(ValueError, match="train, test"):
        generate("mnist", "validation")


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("name", NAMES)
def test_classes_are_equally_frequent_and_shuffled(name, split):
    samples, labels = split_of(name, split)
    per_class = PER_CLASS[name][split]
    assert labels.dtype == np.int64
    assert len(samples) == len(labels) == per_class * CLASSES[name]
    assert np.bincount(labels).tolist() == [per_class] * CLASSES[name]
    assert np.bincount(labels[: len(labels) // 4], minlength=CLASSES[name]).min() > 0
    assert np.mean(labels[1:] == labels[:-1]) < 1.5 / CLASSES[name]


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("name", IMAGES)
def test_images_are_bytes_of_the_real_shape(name, split):
    images, _ = split_of(name, split)
    assert images.dtype == np.uint8
    assert images.shape[1:] == SHAPES.get(name, (1, 28, 28))
    assert images.flags["C_CONTIGUOUS"]
    assert images.min() == 0
    assert images.max() == 255
    assert images.reshape(len(images), -1).std(1).min() > 2  # nothing blank


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "emnist_letters"])
def test_grey_images_are_bright_on_black(name):
    images, _ = split_of(name, "test")
    border = np.concatenate([images[:, 0, 0], images[:, 0, -1]], axis=1)
    assert border.mean() < 25  # noise is clipped at black, so its mean is above 0
    assert images[:, 0, 8:20, 8:20].mean() > 3 * border.mean()


@pytest.mark.parametrize(("name", "shortest", "longest"), [("ag_news", 20, 40), ("imdb", 40, 120)])
def test_texts_have_the_promised_length(name, shortest, longest):
    lengths = [len(tokens(text)) for text in split_of(name, "train")[0]]
    assert shortest <= min(lengths)
    assert max(lengths) <= longest
    assert np.std(lengths) > 2


@pytest.mark.parametrize("name", NAMES)
def test_second_call_gives_the_same_bytes(name):
    (first, labels), (second, again) = split_of(name, "test"), generate(name, "test")
    assert np.array_equal(labels, again)
    assert np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("name", NAMES)
def test_no_sample_occurs_twice(name):
    keys = [
        sample if isinstance(sample, str) else sample.tobytes()
        for split in ("train", "test")
        for sample in split_of(name, split)[0]
    ]
    assert len(set(keys)) == len(keys)


TEXT_HASHES = {
    ("ag_news", "train"): "2eeeb9349dd54b15db5069e928f29277d3c33e2c8c245dcf82676b2e3dbee7e0",
    ("ag_news", "test"): "fa07a6cd7d1a652da51e18589a6ac3f02da0d1d6abfc0bf36c9f8211c32486ce",
    ("imdb", "train"): "8889e733a80f4a925ca29d7d7deaba7a83cc8ccdf9ef7900e9d1ae26a56258b1",
    ("imdb", "test"): "93c226cffd9b5e1996486a60bb3419298407ab3df4da38e9c461811de67c42f9",
}


@pytest.mark.parametrize(("name", "split"), sorted(TEXT_HASHES))
def test_texts_are_pinned(name, split):
    """If this fails on purpose, raise GENERATOR_VERSION and replace the hashes."""
    assert digest(*split_of(name, split)) == TEXT_HASHES[name, split]


LABEL_HASHES = {
    "mnist": "19726d47f03fa298",
    "fashion_mnist": "1030a9ad4c13d396",
    "cifar10": "04a7d484ef18eb8c",
    "emnist_letters": "201bfe899029f7d4",
}
CLASS_MEANS = {
    "mnist": [46.6, 30.32, 47.41, 44.27, 42.86, 47.5, 43.73, 35.97, 53.7, 44.97],
    "fashion_mnist": [46.4, 31.79, 54.01, 33.7, 57.92, 16.46, 52.96, 20.38, 36.07, 31.03],
    "cifar10": [133.71, 120.51, 115.7, 113.52, 102.98, 117.65, 105.27, 113.25, 127.83, 118.1],
    "emnist_letters": [
        55.81,
        53.81,
        40.57,
        51.39,
        52.17,
        43.32,
        53.99,
        50.51,
        32.94,
        37.52,
        49.38,
        34.66,
        59.02,
        54.83,
        53.34,
        49.14,
        54.49,
        47.85,
        47.73,
        39.14,
        46.72,
        45.01,
        60.18,
        48.47,
        43.35,
        52.06,
    ],
}


@pytest.mark.parametrize("name", IMAGES)
def test_image_labels_and_class_brightness_are_pinned(name):
    """Brightness and not bytes, as the last bit may differ between builds of numpy; see above when it fails."""
    images, labels = split_of(name, "train")
    assert hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()[:16] == LABEL_HASHES[name]
    means = [images[labels == label].mean() for label in range(CLASSES[name])]
    assert means == pytest.approx(CLASS_MEANS[name], abs=0.02)


def nearest_class_mean(name):
    (train, labels), (test, truth) = split_of(name, "train"), split_of(name, "test")
    train, test = (part.reshape(len(part), -1).astype(np.float32) / 255 for part in (train, test))
    means = np.stack([train[labels == label].mean(0) for label in range(CLASSES[name])])
    guess = np.argmin((means**2).sum(1) - 2 * test @ means.T, axis=1)
    return np.mean(guess == truth)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("mnist", 0.6, 0.82), ("fashion_mnist", 0.5, 0.75), ("cifar10", 0.16, 0.32), ("emnist_letters", 0.35, 0.6)],
)
def test_images_can_be_told_apart_but_not_trivially(name, least, most):
    assert least < nearest_class_mean(name) < most


def naive_bayes(train, labels, test, classes):
    counts = [Counter(word for text, y in zip(train, labels, strict=True) if y == c for word in tokens(text))
              for c in range(classes)]  # fmt: skip
    index = {word: i for i, word in enumerate(sorted(set().union(*counts)))}
    table = np.ones((len(index), classes))
    for c, count in enumerate(counts):
        for word, number in count.items():
            table[index[word], c] += number
    scores = np.log(table / table.sum(0))
    return np.array([sum(scores[index[word]] for word in tokens(text) if word in index).argmax() for text in test])


@pytest.mark.parametrize(("name", "least", "most"), [("ag_news", 0.78, 0.92), ("imdb", 0.72, 0.9)])
def test_texts_can_be_told_apart_but_not_trivially(name, least, most):
    (train, labels), (test, truth) = split_of(name, "train"), split_of(name, "test")
    assert least < np.mean(naive_bayes(train, labels, test, CLASSES[name]) == truth) < most


def test_texts_share_a_vocabulary_of_the_promised_size():
    known = []
    for name in TEXTS:
        counts = Counter(word for text in split_of(name, "train")[0] for word in tokens(text))
        known.append({word for word, number in counts.items() if number >= 5})
        assert 500 < len(known[-1]) < 3000
        ranked = sorted(counts.values(), reverse=True)
        assert sum(ranked[:20]) > 0.25 * sum(ranked)  # a few words make up much of the text, as in Zipf's law
    assert 0.3 < len(known[0] & known[1]) / min(map(len, known)) < 0.9


@pytest.mark.parametrize(("name", "share"), [("ag_news", 0.06), ("imdb", 0.08)])
def test_some_labels_are_wrong(name, share):
    rng = np.random.Generator(np.random.PCG64(derive(0, "embedded", name, "test")))
    write = {"ag_news": write_news, "imdb": write_reviews}[name]
    texts, labels, truth = write(rng, PER_CLASS[name]["test"])
    assert texts == split_of(name, "test")[0]
    assert np.mean(labels != truth) == pytest.approx(share, abs=0.005)
    assert np.bincount(truth).tolist() == np.bincount(labels).tolist()


def test_wrong_labels_go_equally_to_every_other_class():
    truth = np.tile(np.arange(4), 50)
    noisy = wrong_labels(truth, 4, 0.12)
    table = np.zeros((4, 4), dtype=int)
    np.add.at(table, (truth, noisy), 1)
    assert table.tolist() == [[44 if i == j else 2 for j in range(4)] for i in range(4)]


def test_finish_sets_stops_capitals_and_articles():
    parts = ["a", "actor", "saw", "a", "union", ",", "and", "a", "robot", ".", "it", "was", "a", "end"]
    assert finish(parts) == "An actor saw a union, and a robot. It was an end."


def test_order_is_a_permutation():
    found = order(np.random.default_rng(1), 100)
    assert sorted(found.tolist()) == list(range(100))
    assert found.tolist() != sorted(found.tolist())


def test_draws_follow_their_weights():
    rng = np.random.default_rng(2)
    assert np.bincount(pick(rng, 4000, (1, 0, 3)), minlength=3) / 4000 == pytest.approx([0.25, 0, 0.75], abs=0.03)
    urn = Urn(("often", "seldom"), power=2.0)
    share = np.mean([urn.draw(rng) == "often" for _ in range(4000)])
    assert share == pytest.approx((1 / 4) / (1 / 4 + 1 / 9), abs=0.03)
