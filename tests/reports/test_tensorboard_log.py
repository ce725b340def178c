"""What TensorBoard reads back is what the run's files hold."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from chaoscl.errors import UserError
from chaoscl.reports.tensorboard_log import log_runs
from chaoscl.reports.wandb_log import HEAT_MAP, SO_FAR


def folders(home):
    return sorted(home.glob("s/m/naive/seed0-abcdef012345-*"))


def test_curves_and_matrix_are_read_back(run, tmp_path):
    log_runs([run], tmp_path / "board")
    (folder,) = folders(tmp_path / "board")
    events = EventAccumulator(str(folder))
    events.Reload()

    def values(name):
        return [(event.step, event.value) for event in events.Scalars(name)]

    assert values("a/loss") == [(0, 1.5), (1, 1.25)]
    assert values("b/validation_accuracy") == [(2, 0.75)]
    assert values("retention/a") == [(0, 0.125), (1, 0.875), (2, 0.75)]
    assert values(SO_FAR) == [(1, 0.875), (2, 0.625)]
    (picture,) = events.Images(HEAT_MAP)
    assert picture.width > 100


def test_a_run_is_logged_once_and_again_if_it_was_made_anew(run, tmp_path):
    for _ in range(2):
        log_runs([run], tmp_path / "board")
    assert len(folders(tmp_path / "board")) == 1
    curves = run.folder / "curves.csv"
    curves.write_text(curves.read_text().replace("1.500000", "1.750000"))
    log_runs([run], tmp_path / "board")
    assert len(folders(tmp_path / "board")) == 2


def test_a_folder_that_cannot_be_is_one_line(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write TensorBoard files"):
        log_runs([run], tmp_path / "file")
