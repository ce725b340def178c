"""The named streams. Adding one takes one entry."""

from chaoscl.data import CARDS
from chaoscl.errors import unknown
from chaoscl.streams.stream import Stream, whole

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
    )
}


def find_stream(text: str, reverse: bool = False) -> Stream:
    """Return a named stream, or one made of the data sets listed in ``text``, separated by commas.

    Args:
        text: a name of the catalogue, or data sets such as ``ag_news,cifar10``.
        reverse: whether to learn the tasks in the opposite order.

    Raises:
        UserError: neither a stream nor a data set has that name, or a data set is listed twice.
    """
    if text in STREAMS:
        stream = STREAMS[text]
    elif "," in text or text in CARDS:
        datasets = [part.strip() for part in text.split(",") if part.strip()]
        stream = Stream("+".join(datasets), whole(*datasets), "tasks in a custom order")
    else:
        raise unknown("stream", text, STREAMS, ", or data sets in any order, such as ag_news,cifar10")
    return stream.reversed() if reverse else stream
