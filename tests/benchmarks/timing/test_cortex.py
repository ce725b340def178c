"""Every shape is measured in every way, peers included where they are installed."""

import sys

import pytest

from chaoscl.cortex.kernels import installed
from chaoscl.errors import UserError
from timing import cortex, encoder, peers, reference


def test_every_shape_has_its_rows():
    rows = cortex.measure(1)
    cases = [(row.case, row.against) for row in rows]
    assert len(set(cases)) == len(cases)
    fused = installed("cpu")
    ways = ["torch", cortex.DRAWS, *(["fused", cortex.COUNT, cortex.LIMIT] if fused else []), cortex.CONTROL]
    for shape in cortex.shapes():
        for mode in ("recurrent", "replica"):
            mine = [row for row in rows if row.case.startswith(shape.label(mode) + ":")]
            against_reference = {
                row.case.removeprefix(shape.label(mode) + ": ") for row in mine if row.against == reference.NAME
            }
            assert against_reference == set(ways)
            assert sum(row.against == cortex.CONTROL for row in mine) == 1


def test_peers_answer_with_mean_spikes():
    import torch

    for name, run in peers.available(4, 6, 3).items():
        rate = run(torch.rand(5, 4) * 10)
        assert rate.shape == (5, 6), name
        assert 0 <= float(rate.min()) <= float(rate.max()) <= 1, name
    assert set(peers.available(4, 6, 3)) | set(peers.missing()) == {"snntorch", "norse", "spikingjelly"}


def test_a_peer_that_is_half_there_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "norse").mkdir()
    (tmp_path / "norse" / "__init__.py").write_text("import what_norse_needs\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "norse"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UserError, match=r"norse cannot be imported .*what_norse_needs.*extra 'peers'"):
        peers.available(4, 6, 3)


def test_the_step_on_images_is_measured_in_both_precisions():
    rows = encoder.measure(1)
    assert [row.case.split(": ")[1] for row in rows[:4]] == [
        reference.NAME,
        "encoder in float32",
        "encoder in bfloat16",
        "the core's share",
    ]
    assert all(value > 0 for row in rows for value in row.values)
