"""Drawing a cortex, as a user types it."""

import pytest


def test_the_same_seed_draws_the_same_files(program, tmp_path):
    command = program("plot", "cortex")
    for out in ("one", "two"):
        status, _, err = command("--out", out, "--neurons", 9, "--ticks", 5, "--mode", "feedback")
        assert (status, err) == (0, "")
    first, second = (sorted((tmp_path / out).iterdir()) for out in ("one", "two"))
    assert [path.name for path in first] == [
        "cortex.gif",
        *(f"{kind}.{end}" for kind in ("firing-rates", "membrane-traces", "spike-raster") for end in ("png", "svg")),
    ]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_mode_without_time_is_refused(program, refused):
    refused(program("plot", "cortex")("--out", "o", "--mode", "replica"), "--mode replica", "recurrent or feedback")


def test_a_trained_cortex_is_drawn_on_a_sample_of_each_task(program, tmp_path):
    options = ("--stream", "addition", "--model", "chaos256", "--recipe", "quick", "--data", "embedded")
    status, out, err = program("plot", "cortex")("--out", "o", *options)
    assert status == 0, err
    assert "written to o" in out
    names = {path.name for path in (tmp_path / "o").iterdir()}
    assert names == {"addition"}
    assert "naive after addition" in (tmp_path / "o" / "addition" / "spike-raster.svg").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--stream", "addition", "--ticks", "5"), ("--ticks", "--stream")),
        (("--stream", "addition", "--model", "mlp256"), ("mlp256", "no cortex")),
        (("--stream", "nope"), ("unknown stream 'nope'",)),
    ],
)
def test_what_cannot_be_trained_and_recorded_is_refused(program, refused, options, words):
    refused(program("plot", "cortex")("--out", "o", *options, "--data", "embedded"), *words)


def test_a_task_without_rows_is_refused_before_training(program, refused, write_mirror, tmp_path):
    mirror = write_mirror(tmp_path / "mirror", "mnist", 400, test_without=(0, 1))
    words = ("--stream", "split-mnist", "--model", "chaos256", "--recipe", "quick", "--data-dir", str(mirror))
    refused(program("plot", "cortex")("--out", "o", *words), "task 'mnist-1' has no row in the test split of mnist")
