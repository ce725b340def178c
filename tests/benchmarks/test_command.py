"""The command in command.txt asks for the same runs, and other options get another folder."""

import importlib.util
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chaoscl import main_job
from chaoscl.api import Request, check, default_out
from chaoscl.cli import run_command
from chaoscl.models import MODELS
from chaoscl.runs.baseline import BASELINES
from chaoscl.runs.recipes import RECIPES
from chaoscl.streams import SCENARIOS

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "run.py"


def asked(*words):
    """Return the request that the program makes of a command's words."""
    spec = importlib.util.spec_from_file_location("run_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    requests = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(PROGRAM), *words])
        patch.setattr(main_job, "execute_request", lambda request: requests.append(request) or 0)
        assert run_command(module.run) == 0
    (request,) = requests
    return request


def again(request):
    """Return the request that the command of a request makes."""
    program, file, *words = shlex.split(request.command)
    assert (program, file) == ("python", "benchmarks/run.py")
    return asked(*words)


def assert_same_runs(first, second):
    assert check(first) == check(second)
    assert first.command == second.command
    for kind in ("mirror", "embedded"):
        assert default_out(first, kind) == default_out(second, kind)


HYPER = ("ewc.ewc_lambda=100", "ewc.ewc_lambda=2.5e-05", "replay.memory=50", "lwf.alpha=2", "lwf.temperature=1e1")
requests = st.builds(
    lambda stream, baselines, values, **options: Request(
        stream=stream[0],
        order=stream[1],
        baselines=tuple(baselines),
        hyper=tuple(value for value in values if value.split(".")[0] in baselines),
        **options,
    ),
    st.sampled_from(
        [
            ("text-image", "given"),
            ("ag_news,addition", "2-1"),
            ("seed-three", "all"),
            ("split-mnist", "shuffle"),
            ("long-20", "reversed"),
        ]
    ),
    st.lists(st.sampled_from(["naive", "ewc", "replay", "lwf", "joint"]), min_size=1, unique=True),
    st.lists(st.sampled_from(HYPER), unique=True),
    model=st.sampled_from(list(MODELS)),
    seeds=st.integers(1, 4),
    scenario=st.sampled_from(SCENARIOS),
    recipe=st.sampled_from(list(RECIPES)),
    encoders=st.sampled_from(["dataset", "modality"]),
    image_pool=st.sampled_from(["flatten", "global"]),
    mode=st.sampled_from(["recurrent", "replica", "feedback"]),
    kernel=st.sampled_from(["auto", "torch"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    repetitions=st.integers(1, 4),
    data=st.sampled_from([None, "embedded"]),
    device=st.sampled_from(["auto", "cpu"]),
)


@given(requests)
def test_the_command_of_a_request_asks_for_the_same_runs(request_):
    assert_same_runs(request_, again(request_))
    assert again(request_).data == request_.data


def test_the_command_names_what_was_given_in_other_ways(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "my baselines")
    chosen = tmp_path / "chosen.csv"
    chosen.write_text(
        "baseline,label,values,score,default_score,trials,tasks,seeds,samples,macs\n"
        'derpp,tuned,"derpp.alpha=0.3,derpp.beta=0.2",0.5,0.4,3,1,1000000,480,1\n'
    )
    for words in (
        ("--reverse",),
        ("--baselines", "all"),
        ("--baselines", "derpp", "--tuned", str(chosen), "--hyper", "derpp.beta=4"),
        ("--baselines-dir", str(tmp_path / "my baselines"), "--baselines", "naive"),
    ):
        assert_same_runs(asked(*words), again(asked(*words)))
    assert "--order reversed" in asked("--reverse").command
    others = [name for name in BASELINES if name != "naive"]
    assert ",".join(["naive", *others]) in asked("--baselines", "all").command


def test_what_changes_no_number_is_not_in_the_command():
    words = ("--force", "--jobs", "2", "--wandb", "offline", "--out", "o", "--data-dir", "/mirror", "--data", "mirror")
    words = (*words, "--tensorboard", "t")
    assert asked(*words).command == asked().command


@pytest.mark.parametrize("kind", ["mirror", "embedded"])
def test_folders_of_other_options_have_other_names(kind):
    plain = ("--stream", "ag_news,addition", "--baselines", "ewc,lwf")
    options = [
        (),
        ("--order", "reversed"),
        ("--order", "2-1"),
        ("--order", "all"),
        ("--order", "shuffle"),
        ("--hyper", "ewc.ewc_lambda=1"),
        ("--hyper", "ewc.ewc_lambda=2"),
        ("--hyper", "lwf.alpha=1"),
        ("--hyper", "ewc.ewc_lambda=1,lwf.alpha=1"),
        ("--hyper", "ewc.ewc_lambda=1", "--order", "2-1"),
        ("--scenario", "domain"),
        ("--scenario", "class"),
        ("--recipe", "online"),
        ("--encoders", "modality"),
        ("--image-pool", "global"),
        ("--mode", "feedback"),
        ("--precision", "bfloat16"),
        ("--model", "mlp256"),
        ("--stream", "addition,ag_news"),
    ]
    folders = [default_out(asked(*plain, *words), kind) for words in options]
    assert len(set(folders)) == len(options)
    assert {folder.parent for folder in folders} == {Path("results/embedded" if kind == "embedded" else "results")}


def test_the_order_of_changed_values_names_no_other_folder():
    one, two = ("ewc.ewc_lambda=1,lwf.alpha=3", "lwf.alpha=3,ewc.ewc_lambda=1")
    words = ("--baselines", "ewc,lwf", "--hyper")
    assert default_out(asked(*words, one), "mirror") == default_out(asked(*words, two), "mirror")


@pytest.mark.parametrize(
    ("asked_for", "used", "remark"), [("auto", "cpu", True), ("cpu", "cpu", False), ("cuda", "cuda", False)]
)
def test_a_cuda_device_is_used_only_where_it_is_asked_for(monkeypatch, asked_for, used, remark):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert main_job._device(asked_for) == used
    assert bool(main_job._device_remark(asked_for)) == remark


def test_without_a_cuda_device_there_is_nothing_to_remark():
    assert main_job._device_remark("auto") is None
