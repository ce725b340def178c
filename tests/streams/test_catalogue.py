import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import CARDS
from chaoscl.errors import UserError
from chaoscl.streams import STREAMS, Stream, find_stream, whole

TASKS = {
    "text-image": ("ag_news", "mnist"),
    "seed-three": ("ag_news", "mnist", "emnist_letters"),
    "seed-six": ("ag_news", "imdb", "fashion_mnist", "mnist", "cifar10", "emnist_letters"),
}


def test_the_catalogue_holds_the_streams_of_the_published_tables():
    assert {name: stream.datasets for name, stream in STREAMS.items()} == TASKS


@pytest.mark.parametrize("name", STREAMS)
def test_a_named_stream_is_found_and_describes_itself(name):
    stream = find_stream(name)
    assert stream is STREAMS[name]
    assert stream.name == name
    assert stream.summary
    assert "\n" not in stream.summary
    assert "," not in name
    assert name not in CARDS


@pytest.mark.parametrize("name", STREAMS)
def test_a_named_stream_reversed(name):
    stream = find_stream(name, reverse=True)
    assert stream.name == f"{name}-reversed"
    assert stream.datasets == TASKS[name][::-1]


@given(st.lists(st.sampled_from(list(CARDS)), min_size=1, unique=True), st.booleans())
def test_any_order_of_data_sets_is_a_stream(names, reverse):
    stream = find_stream(",".join(names), reverse)
    order = names[::-1] if reverse else names
    assert stream.tasks == whole(*order)
    assert stream.name == "+".join(names) + ("-reversed" if reverse else "")


@pytest.mark.parametrize("text", ["mnist,ag_news", " mnist , ag_news ", "mnist,,ag_news,"])
def test_spaces_and_empty_parts_do_not_matter(text):
    assert find_stream(text) == Stream("mnist+ag_news", whole("mnist", "ag_news"), "tasks in a custom order")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "seed-sixx",
            r"^unknown stream 'seed-sixx' \(did you mean seed-six\?\); there are: text-image, seed-three, seed-six, ",
        ),
        ("text-images", r"unknown stream 'text-images' \(did you mean text-image\?\)"),
        ("xyz", r"^unknown stream 'xyz'; there are: text-image"),
        ("", r"^unknown stream ''; there are"),
        ("mnist,nist", r"^unknown data set 'nist'; there are: ag_news, "),
        ("mnist,imdb,mnist", r"names mnist more than once"),
        (",", r"has no task"),
    ],
)
def test_what_is_no_stream_is_refused_in_one_line(text, words):
    with pytest.raises(UserError, match=words) as caught:
        find_stream(text)
    assert "\n" not in str(caught.value)
