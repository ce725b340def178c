import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.data import DATASETS
from chaoscl.errors import UserError
from chaoscl.streams import GIVEN, STREAMS, Stream, find_stream, whole


def classes(dataset):
    return len(DATASETS[dataset].card.classes)


PUBLISHED = {
    "text-image": ("ag_news", "mnist"),
    "seed-three": ("ag_news", "mnist", "emnist_letters"),
    "seed-six": ("ag_news", "imdb", "fashion_mnist", "mnist", "cifar10", "emnist_letters"),
}
LENGTHS = {
    "text-image": 2,
    "seed-three": 3,
    "seed-six": 6,
    "text-only": 2,
    "image-only": 4,
    "split-mnist": 5,
    "split-fashion": 5,
    "split-cifar10": 5,
    "permuted-mnist": 10,
    "long-12": 12,
    "long-20": 20,
}


def test_the_catalogue_holds_the_streams_that_are_promised():
    assert {name: len(stream.tasks) for name, stream in STREAMS.items()} == LENGTHS


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_streams_of_the_published_tables_are_whole_data_sets_in_their_order(name):
    assert STREAMS[name].tasks == whole(*PUBLISHED[name])


@pytest.mark.parametrize("name", STREAMS)
def test_a_named_stream_is_found_and_describes_itself(name):
    stream = find_stream(name)
    assert stream is STREAMS[name]
    assert stream.name == name
    assert stream.summary
    assert "\n" not in stream.summary
    assert "," not in name
    assert name not in DATASETS


@pytest.mark.parametrize("name", [name for name in STREAMS if name != "permuted-mnist"])
def test_the_tasks_cover_every_class_of_every_data_set_once(name):
    stream = STREAMS[name]
    covered = Counter((task.dataset, label) for task in stream.tasks for label in task.labels)
    assert covered == Counter((dataset, label) for dataset in stream.datasets for label in range(classes(dataset)))
    assert not any(task.permuted for task in stream.tasks)


def test_permuted_mnist_is_all_digits_ten_times_each_permuted():
    stream = STREAMS["permuted-mnist"]
    assert stream.datasets == ("mnist",)
    assert all(task.permuted and task.labels == tuple(range(10)) for task in stream.tasks)
    assert len({task.name for task in stream.tasks}) == 10
    assert not {task.name for task in stream.tasks} & set(DATASETS)


@pytest.mark.parametrize("name", ["split-mnist", "split-fashion", "split-cifar10"])
def test_a_split_stream_is_five_pairs_in_label_order(name):
    assert [task.labels for task in STREAMS[name].tasks] == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]


@pytest.mark.parametrize("name", ["long-12", "long-20"])
def test_the_long_streams_hold_text_and_image_and_come_back_to_text(name):
    modalities = [task.modality for task in STREAMS[name].tasks]
    assert modalities.count("text") == 3
    assert [kind for kind, _ in itertools.groupby(modalities)][:5] == ["text", "image", "text", "image", "text"]
    assert set(STREAMS[name].datasets) == set(STREAMS["seed-six"].datasets)


def test_the_streams_of_one_modality():
    assert {task.modality for task in STREAMS["text-only"].tasks} == {"text"}
    assert {task.modality for task in STREAMS["image-only"].tasks} == {"image"}


@pytest.mark.parametrize("name", STREAMS)
def test_a_named_stream_in_another_order(name):
    stream = STREAMS[name]
    assert find_stream(name).ordered("reversed").tasks == stream.tasks[::-1]
    assert find_stream(name).ordered("reversed").name == f"{name}-reversed"
    assert find_stream(name).ordered("shuffle", 3) == stream.ordered("shuffle", 3)
    assert len({find_stream(name).ordered("shuffle", seed).tasks for seed in range(20)}) > 1


@given(st.lists(st.sampled_from(list(DATASETS)), min_size=1, unique=True), st.booleans())
def test_any_order_of_data_sets_is_a_stream(names, back):
    stream = find_stream(",".join(names)).ordered("reversed" if back else GIVEN)
    order = names[::-1] if back else names
    assert stream.tasks == whole(*order)
    assert stream.name == "+".join(names) + ("-reversed" if back else "")


def test_a_stream_and_its_order_are_checked_together():
    with pytest.raises(UserError, match=r"^--order '3-1': give .* positions 1 to 2 of mnist\+imdb once, such as 2-1$"):
        find_stream("mnist,imdb").ordered("3-1")


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
        ("mnist,nist", r"^unknown data set 'nist' \(did you mean mnist\?\); there are: ag_news, "),
        ("mnist,imdb,mnist", r"names mnist more than once"),
        (",", r"^unknown stream ','; there are"),
        ("split(mnist,3)", r"the 10 classes of mnist are not a multiple of 3; .*split\(mnist,9\+1\)$"),
        ("split(mnist,6+6)", r"mnist has 10 classes, not 12$"),
        ("split(mnist,0)", r"whole numbers of at least 1$"),
        ("permuted(mnist,2+2)", r"whole numbers of at least 1$"),
        ("split(mnist,5)[6]", r"has parts 1 to 5$"),
        ("split(mnist)", r"is not split\(DATASET,N\)"),
        ("permuted(ag_news,2)", r"only images have pixels to permute"),
        ("mnist,split-mnist,split(mnist,5)", r"names mnist-1, .* more than once"),
    ],
)
def test_what_is_no_stream_is_refused_in_one_line(text, words):
    with pytest.raises(UserError, match=words) as caught:
        find_stream(text)
    assert "\n" not in str(caught.value)


def test_the_long_stream_can_be_written_as_an_expression():
    news = "split(ag_news,2+2)"
    text = f"{news}[1],split-mnist,imdb,split(fashion_mnist,5),{news}[2],split(emnist_letters,13+13),split(cifar10,5)"
    assert find_stream(text).tasks == STREAMS["long-20"].tasks


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("split(mnist,5)", "split-mnist-5"),
        ("split( mnist , 5 ), ag_news", "split-mnist-5+ag_news"),
        ("split(emnist_letters,13+13)[2]", "split-emnist_letters-13-13.2"),
        ("permuted(fashion_mnist,3)", "permuted-fashion_mnist-3"),
    ],
)
def test_an_expression_has_a_name_that_can_be_a_folder(text, name):
    assert find_stream(text).name == name


@given(st.lists(st.integers(1, 9), min_size=2, max_size=4).filter(lambda sizes: sum(sizes) <= 10))
def test_a_split_has_the_classes_that_it_is_given(sizes):
    tasks = find_stream(f"split(mnist,{'+'.join(map(str, sizes))})").tasks
    assert [len(task.labels) for task in tasks] == sizes
    assert [label for task in tasks for label in task.labels] == list(range(sum(len(task.labels) for task in tasks)))


def test_permuted_tasks_hold_all_classes_and_a_permutation_each():
    tasks = find_stream("permuted(mnist,3)").tasks
    assert [task.name for task in tasks] == ["mnist-permuted-1", "mnist-permuted-2", "mnist-permuted-3"]
    assert all(task.permuted and len(task.labels) == 10 for task in tasks)
