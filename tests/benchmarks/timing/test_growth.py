import pytest

from chaoscl.compat import quiet_avalanche
from timing import growth
from timing.growth import Case, described, evaluation, learn, measure, stream_of


@pytest.fixture
def short(monkeypatch):
    """Streams of five and ten tasks instead of forty."""
    monkeypatch.setattr(growth, "LENGTHS", (5, 10))
    monkeypatch.setattr(growth, "TASKS", 10)
    monkeypatch.setattr(
        growth, "CASES", (Case("naive", "task", rows=16), Case("ewc", "task", note=" (so)", rows=16, batch=16))
    )


def test_one_round_gives_every_promised_row(short, well_formed):
    rows = measure(1)
    well_formed(rows, "growth")
    grown = {row.case: row for row in rows if row.unit == "times as long"}
    assert len(grown) == 3
    assert [case for case, row in grown.items() if row.goal is None] == [
        "training, ewc, task-incremental, permuted, 1 batches a task: last fifth of 10 tasks (so)"
    ]
    assert sum(row.unit == "s" for row in rows) == 2 * 3


def test_growth_is_the_last_fifth_over_the_first():
    seconds = [1.0] * 5 + [5.0] * 27 + [3.0] * 8
    *lengths, grown = described("x", [seconds, [2 * one for one in seconds]], "")
    assert grown.value == 3.0
    assert grown.goal == growth.FLAT
    assert grown.rounds == 2
    assert [row.value for row in lengths] == [1.5, 1.5 * 5, 1.5 * 5, 1.5 * 3]


def test_one_slow_task_does_not_hide_growth():
    grown = described("x", [[90.0] + [1.0] * 31 + [2.0] * 8], "")[-1]
    assert grown.value == 2.0


def test_what_is_defined_to_grow_has_no_goal():
    assert described("x", [[1.0] * 40], " (defined)")[-1].goal is None


def test_the_stream_has_permuted_tasks_of_few_samples():
    place = stream_of(3, "task", rows=24)
    assert [len(data.train) for data in place.tasks] == [24] * 3
    assert [len(data.validation) for data in place.tasks] == [3] * 3
    first, second = (place.bank.gather(data.train.references)[0].inputs for data in place.tasks[:2])
    assert not first.equal(second)
    assert first.flatten(1).sort().values.equal(second.flatten(1).sort().values)
    same = stream_of(2, "domain", permuted=False, rows=24)
    first, second = (same.bank.gather(data.train.references)[0].inputs for data in same.tasks)
    assert first.equal(second)
    assert len(same.network().heads) == 1


def test_each_task_is_timed():
    with quiet_avalanche():
        assert len(learn(stream_of(4, "task", rows=16), "replay", 3)) == 3


def test_evaluation_is_given_a_task(short, monkeypatch):
    clock = 0.0

    def record(self, row, networks):
        nonlocal clock
        clock += {5: 10.0, 10: 30.0}[len(networks)]

    monkeypatch.setattr(growth.RetentionPlugin, "record", record)
    monkeypatch.setattr(growth.time, "perf_counter", lambda: clock)
    rows = evaluation(2)
    assert [(row.value, row.unit, row.rounds) for row in rows] == [
        (2.0, "s", 2),
        (3.0, "s", 2),
        (1.5, "times as long", 2),
    ]
    assert [row.goal for row in rows] == [None, None, growth.FLAT]
