"""Drawing a cortex, as a user types it."""


def test_the_same_seed_draws_the_same_files(program, tmp_path):
    command = program("cortex")
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
    refused(program("cortex")("--out", "o", "--mode", "replica"), "--mode replica", "recurrent or feedback")
