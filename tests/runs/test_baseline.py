import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscl.errors import UserError
from chaoscl.hyper import HyperParameter, Range, SearchRange
from chaoscl.models import MODELS
from chaoscl.runs.baseline import BASELINES, FOLDERS, Baseline, find_baseline

PROMISED = {
    "naive",
    "ewc",
    "replay",
    "joint",
    "independent",
    "mlp",
    "agem",
    "cumulative",
    "der",
    "derpp",
    "er_ace",
    "ewc_batch",
    "from_scratch",
    "frozen",
    "gdumb",
    "gem",
    "lwf",
    "lwf_encoder",
    "lwf_zero",
    "mas",
    "mir",
    "mir_avalanche",
    "online_ewc",
    "random_labels",
    "replay_class",
    "replay_reservoir",
    "rwalk",
    "si",
}


def test_the_project_s_baselines_are_all_there():
    assert set(BASELINES) >= PROMISED


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_describes_itself_in_single_lines(name):
    baseline = BASELINES[name]
    words = [baseline.summary, baseline.source, baseline.stores, baseline.task_labels, baseline.cost]
    words += [hyper.source for hyper in baseline.hyper.values()]
    assert all(words)
    assert not any("\n" in line for line in [*words, baseline.note])
    assert baseline.model(MODELS["chaos2k"]) in (MODELS["chaos2k"], MODELS["mlp2k"])


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_s_values_are_those_of_its_file_and_lie_where_they_are_sought(name):
    baseline = BASELINES[name]
    assert baseline.values() == {key: hyper.value for key, hyper in baseline.hyper.items()}
    for hyper in baseline.hyper.values():
        if hyper.search is not None:
            assert hyper.search.low < hyper.search.high
            assert hyper.search.low <= hyper.value <= hyper.search.high
            assert hyper.search.low > 0 or not hyper.search.log


def test_the_mlp_baseline_trains_the_mlp_of_the_same_widths():
    assert BASELINES["mlp"].model(MODELS["chaos4k"]) is MODELS["mlp4k"]
    assert BASELINES["naive"].model(MODELS["chaos4k"]) is MODELS["chaos4k"]


def test_an_unknown_baseline_is_one_line_with_a_guess():
    with pytest.raises(UserError, match=r"unknown baseline 'repaly' \(did you mean replay\?\); there are: agem, "):
        BASELINES["repaly"]


TYPED = Baseline(
    summary="typed",
    build=print,
    source="me",
    hyper={
        "rate": HyperParameter(0.5, "guess", SearchRange(0.1, 1.0)),
        "memory": HyperParameter(10, "guess"),
        "word": HyperParameter("a", "guess"),
    },
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {}),
        (None, {}),
        ({"rate": "3"}, {"rate": 3.0}),
        ({"rate": 2}, {"rate": 2.0}),
        ({"rate": "1e-3"}, {"rate": 0.001}),
        ({"memory": "25"}, {"memory": 25}),
        ({"memory": 25.0}, {"memory": 25}),
        ({"memory": "1e3"}, {"memory": 1000}),
        ({"word": 3}, {"word": "3"}),
        ({"rate": "1", "memory": "2"}, {"rate": 1.0, "memory": 2}),
    ],
)
def test_changed_values_take_the_type_of_the_one_in_the_file(changed, expected):
    values = TYPED.values(changed)
    assert values == {"rate": 0.5, "memory": 10, "word": "a"} | expected
    assert [type(value) for value in values.values()] == [float, int, str]
    assert TYPED.values() == {"rate": 0.5, "memory": 10, "word": "a"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", "fast"),
        ("rate", ""),
        ("memory", "ten"),
        ("memory", "nan"),
        ("memory", "inf"),
        ("memory", "2.5"),
        ("rate", "nan"),
        ("rate", "inf"),
    ],
)
def test_what_is_no_number_is_refused_in_one_line(name, value):
    with pytest.raises(UserError, match=f"hyper-parameter {name} = '{value}'"):
        TYPED.values({name: value})


def test_an_unknown_hyper_parameter_is_one_line_with_a_guess():
    with pytest.raises(UserError, match=r"unknown hyper-parameter 'rat' \(did you mean rate\?\); there are: rate, mem"):
        TYPED.values({"rat": 1})
    with pytest.raises(UserError, match=r"^unknown hyper-parameter 'rate'; there are: none$"):
        BASELINES["naive"].values({"rate": 1})


def test_a_function_of_a_module_or_file_is_a_baseline(tmp_path):
    file = tmp_path / "my-strategies.py"
    file.write_text('def pull(setup):\n    """Pull weights back.\n\n    More."""\n    return setup\n')
    found = find_baseline(f"{file}:pull")
    assert (found.name, found.summary, found.build(3)) == ("pull", "Pull weights back.", 3)
    assert found.origin.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert find_baseline("textwrap:dedent").name == "dedent"
    for text, words in (
        (f"{file}:push", "has no attribute 'push'"),
        ("no_such_module:f", "No module named"),
        ("math:pi", "pi is not a function"),
    ):
        with pytest.raises(UserError, match=words):
            find_baseline(text)


def test_importing_a_baseline_does_not_import_avalanche():
    for path in FOLDERS[1].glob("*.py"):
        heads = [line for line in path.read_text().splitlines() if line.startswith(("import", "from"))]
        assert not any("avalanche" in line for line in heads), path.name
    assert isinstance(BASELINES["naive"], Baseline)


NUMBERS = [
    (name, key) for name in BASELINES for key, one in BASELINES[name].hyper.items() if not isinstance(one.value, str)
]


@pytest.mark.parametrize(("name", "key"), NUMBERS)
def test_contract_every_number_has_a_range_and_is_refused_outside(name, key):
    baseline = BASELINES[name]
    allowed = baseline.hyper[key].range
    outside = [allowed.low - 1, *([allowed.low] if allowed.exclusive else [])]
    outside += [] if allowed.high is None else [allowed.high + 1]
    for value in outside:
        with pytest.raises(UserError, match=rf"^hyper-parameter {key} = {value:g}: it must be {allowed}$"):
            baseline.values({key: value})
    assert baseline.values({key: baseline.hyper[key].value}) == baseline.values()


@given(low=st.integers(-5, 5), high=st.none() | st.integers(6, 9), exclusive=st.booleans(), value=st.integers(-9, 12))
def test_a_range_holds_its_ends_but_an_exclusive_low_one(low, high, exclusive, value):
    expected = (low < value or (low == value and not exclusive)) and (high is None or value <= high)
    assert (value in Range(low, high, exclusive)) == expected


@pytest.mark.parametrize(
    ("hyper", "said"),
    [
        (
            HyperParameter(5.0, "-", SearchRange(10.0, 100.0)),
            "hyper-parameter x: its value 5 lies outside its search, 10 to 100",
        ),
        (
            HyperParameter(-1.0, "-", range=Range(0)),
            "hyper-parameter x: its value -1 lies outside its range, at least 0",
        ),
        (
            HyperParameter(0.5, "-", SearchRange(0.1, 2.0), Range(0, 1)),
            "hyper-parameter x: its search to 2 lies outside its range, at least 0 and at most 1",
        ),
    ],
)
def test_values_searches_and_ranges_that_contradict_each_other_are_refused(hyper, said):
    with pytest.raises(UserError, match=f"^{said}$"):
        Baseline("-", print, "-", {"x": hyper})


@pytest.mark.parametrize(("low", "high", "log"), [(2, 1, False), (1, 1, False), (0, 1, True), (-1, 1, True)])
def test_a_search_without_room_is_refused(low, high, log):
    with pytest.raises(UserError, match="nothing to search"):
        SearchRange(low, high, log)


@pytest.mark.parametrize(("each", "least"), [("task", 6), ("class", 20), ("", 2)])
def test_what_is_counted_for_each_task_or_class_needs_that_many(each, least):
    baseline = Baseline("-", print, "-", {"memory": HyperParameter(50, "-", range=Range(2, each=each))})
    baseline.check_stream({"memory": least}, tasks=3, classes=10)
    if each:
        with pytest.raises(UserError, match=f"the stream needs at least {least}, 2 for each {each}"):
            baseline.check_stream({"memory": least - 1}, tasks=3, classes=10)
