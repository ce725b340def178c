import pytest

from chaoscl.compat import quiet_avalanche
from timing import growth
from timing import measure as measure_module
from timing.growth import Case, evaluation, learn, measure, permutations, training


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
    well_formed(rows)
    grown = {row.case: row for row in rows if row.unit == "times as long"}
    assert len(grown) == 3
    assert [case for case, row in grown.items() if row.goal is None] == [
        "training, ewc, task-incremental, permuted, 1 batches a task: last fifth of 10 tasks (so)"
    ]
    assert sum(row.unit == "s" for row in rows) == 2 * 3


def test_growth_is_the_last_fifth_over_the_first():
    seconds = [1.0] * 5 + [5.0] * 27 + [3.0] * 8
    *lengths, grown = training(Case("naive", "task"), [seconds, [2 * one for one in seconds]])
    assert grown.values == [3.0, 3.0]
    assert grown.goal == growth.FLAT
    assert [row.values for row in lengths] == [[one, 2 * one] for one in (1.0, 5.0, 5.0, 3.0)]


def test_one_slow_task_does_not_hide_growth():
    grown = training(Case("naive", "task"), [[90.0] + [1.0] * 31 + [2.0] * 8])[-1]
    assert grown.values == [2.0]


def test_what_is_defined_to_grow_has_no_goal():
    assert training(Case("ewc_batch", "task", note=" (defined)"), [[1.0] * 40])[-1].goal is None


def test_the_stream_has_permuted_tasks_of_few_samples():
    work = permutations(3, "task", rows=24)
    assert [len(data.train) for data in work.tasks] == [24] * 3
    assert [len(data.validation) for data in work.tasks] == [3] * 3
    first, second = (work.bank.gather(data.train.references)[0].inputs for data in work.tasks[:2])
    assert not first.equal(second)
    assert first.flatten(1).sort().values.equal(second.flatten(1).sort().values)
    same = permutations(2, "domain", permuted=False, rows=24)
    first, second = (same.bank.gather(data.train.references)[0].inputs for data in same.tasks)
    assert first.equal(second)
    assert len(same.network().heads) == 1


def test_each_task_is_timed():
    with quiet_avalanche():
        assert len(learn(permutations(4, "task", rows=16), Case("replay", "task"), 3)) == 3


def test_evaluation_is_given_a_task(short, monkeypatch):
    clock = 0.0

    def record(self, row, networks):
        nonlocal clock
        clock += {5: 10.0, 10: 30.0}[len(networks)]

    monkeypatch.setattr(growth.RetentionPlugin, "record", record)
    monkeypatch.setattr(measure_module.time, "perf_counter", lambda: clock)
    rows = evaluation(2)
    assert [(row.values, row.unit) for row in rows] == [
        ([2.0, 2.0], "s"),
        ([3.0, 3.0], "s"),
        ([1.5, 1.5], "times as long"),
    ]
    assert [row.goal for row in rows] == [None, None, growth.FLAT]


def test_evaluation_is_timed_in_more_rounds_than_a_stream_has_tasks(short):
    with quiet_avalanche():
        assert {len(row.values) for row in evaluation(6)} == {6}
