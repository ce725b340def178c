"""The named streams. Adding one takes one entry."""

from chaoscl.data import CARDS
from chaoscl.errors import unknown
from chaoscl.streams.stream import GIVEN, Stream, Task, split, whole

_PAIRS = (2,) * 5
_NEWS = split("ag_news", (2, 2))

STREAMS: dict[str, Stream] = {
    stream.name: stream
    for stream in (
        Stream("text-image", whole("ag_news", "mnist"), "one text task, then one image task"),
        Stream(
            "seed-three",
            whole("ag_news", "mnist", "emnist_letters"),
            "the three tasks of ChaosNet's 2K and 4K tables",
        ),
        Stream(
            "seed-six",
            whole("ag_news", "imdb", "fashion_mnist", "mnist", "cifar10", "emnist_letters"),
            "the six tasks of ChaosNet's 256 table",
        ),
        Stream("text-only", whole("ag_news", "imdb"), "topics of news, then sentiment of reviews"),
        Stream(
            "image-only",
            whole("mnist", "fashion_mnist", "emnist_letters", "cifar10"),
            "digits, clothing, letters, photographs",
        ),
        Stream("split-mnist", split("mnist", _PAIRS), "five pairs of digits (Zenke, Poole & Ganguli 2017)"),
        Stream("split-fashion", split("fashion_mnist", _PAIRS), "five pairs of articles of clothing"),
        Stream("split-cifar10", split("cifar10", _PAIRS), "five pairs of objects in photographs"),
        Stream(
            "permuted-mnist",
            tuple(Task(f"permuted-{number}", "mnist", permuted=True) for number in range(1, 11)),
            "ten permutations of the pixels of all digits (Goodfellow et al. 2013)",
        ),
        Stream(
            "long-12",
            (
                _NEWS[0],
                *split("mnist", (5, 5)),
                *whole("imdb"),
                *split("fashion_mnist", (5, 5)),
                _NEWS[1],
                *split("emnist_letters", (9, 9, 8)),
                *split("cifar10", (5, 5)),
            ),
            "twelve tasks over text and image, by splitting classes",
        ),
        Stream(
            "long-20",
            (
                _NEWS[0],
                *split("mnist", _PAIRS),
                *whole("imdb"),
                *split("fashion_mnist", _PAIRS),
                _NEWS[1],
                *split("emnist_letters", (13, 13)),
                *split("cifar10", _PAIRS),
            ),
            "twenty tasks over text and image, by splitting classes",
        ),
    )
}


def find_stream(text: str, order: str = GIVEN, seed: int = 0) -> Stream:
    """Return a named stream, or one made of the data sets listed in ``text``, separated by commas.

    Args:
        text: a name of the catalogue, or data sets such as ``ag_news,cifar10``.
        order: of the tasks; see :meth:`Stream.ordered`.
        seed: the run's, from which ``shuffle`` draws.

    Raises:
        UserError: neither a stream nor a data set has that name, a data set is listed twice, or there is no such order.
    """
    if text in STREAMS:
        stream = STREAMS[text]
    elif "," in text or text in CARDS:
        datasets = [part.strip() for part in text.split(",") if part.strip()]
        stream = Stream("+".join(datasets), whole(*datasets), "tasks in a custom order")
    else:
        raise unknown("stream", text, STREAMS, ", or data sets in any order, such as ag_news,cifar10")
    return stream.ordered(order, seed)
