"""The comparison report, built without a login and without a network from the committed results."""

import json
import shutil
import socket
from itertools import pairwise
from pathlib import Path

import pytest

from chaoscl.errors import UserError
from chaoscl.evaluation import schema
from chaoscl.reports import wandb_report
from chaoscl.reports.wandb_log import HEAT_MAP, MATRIX_TABLE, SO_FAR
from chaoscl.reports.wandb_report import build_report, project_of, publish, specification

RESULTS = Path(__file__).resolve().parents[2] / "results"
FOLDER = RESULTS / "text-image-chaos2k"
EXAMPLE = FOLDER / "wandb-report.json"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the report's specification must not need a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def made(*folders):
    return json.loads(specification(build_report(folders, "entity", "chaoscl")))


def grids(report):
    """Return the grids of panels by the heading before them."""
    blocks = report["spec"]["blocks"]
    return {
        before["children"][0]["text"]: block["metadata"]
        for before, block in pairwise(blocks)
        if block["type"] == "panel-grid"
    }


def panels(grid):
    return [panel["config"] for panel in grid["panelBankSectionConfig"]["panels"]]


def test_the_committed_example_is_what_the_results_give():
    assert specification(build_report([FOLDER], "entity", "chaoscl")) == EXAMPLE.read_text(encoding="utf-8"), (
        "chaoscl report results/text-image-chaos2k --wandb entity/chaoscl --dry-run "
        "results/text-image-chaos2k/wandb-report.json"
    )


def test_it_holds_every_panel():
    found = grids(made(FOLDER))
    assert [
        (panel["metrics"], panel["chartTitle"]) for panel in panels(found["Accuracy, transfer and forgetting"])
    ] == [
        (["average_accuracy"], "average accuracy"),
        (["learning_accuracy"], "learning accuracy"),
        (["backward_transfer"], "backward transfer"),
        (["forgetting_first_last"], "forgetting (first - last)"),
        (["forgetting_max_last"], "forgetting (max - last)"),
        (["intransigence"], "intransigence"),
    ]
    assert [(panel["xAxis"], panel["metrics"]) for panel in panels(found["Retention over the stream"])] == [
        ("tasks_learned", [key]) for key in (SO_FAR, "retention/ag_news", "retention/mnist")
    ]
    assert [panel["metrics"] for panel in panels(found["Learning curves"])] == [
        [f"{task}/{kind}"] for task in ("ag_news", "mnist") for kind in ("validation_accuracy", "loss")
    ]
    pictures, table, comparer = panels(found["The runs"])
    assert pictures["mediaKeys"] == [HEAT_MAP]
    assert MATRIX_TABLE in json.dumps(table)
    assert comparer == {"diffOnly": "split"}


def test_each_baseline_is_a_set_of_exactly_the_runs_behind_the_tables():
    runs = schema.read_csv(schema.RUNS, FOLDER / "runs.csv")
    for grid in grids(made(FOLDER)).values():
        sets = {line["name"]: line for line in grid["runSets"]}
        assert list(sets) == list(dict.fromkeys(f"{row.baseline} ({row.model})" for row in runs.itertuples()))
        for baseline, lines in runs.groupby("baseline"):
            (line,) = (line for name, line in sets.items() if name.startswith(f"{baseline} "))
            (rule,) = line["filters"]["filters"]
            assert (rule["key"], rule["op"]) == ({"section": "run", "name": "name"}, "IN")
            assert rule["value"] == [run.rsplit("-", 1)[1] for run in lines["run"]]
            assert line["grouping"] == [{"section": "run", "name": "jobType"}]


def test_its_text_holds_the_tables_of_the_readme():
    readme = (RESULTS.parent / "README.md").read_text(encoding="utf-8")
    text = "".join(block.get("content", "") for block in made(FOLDER)["spec"]["blocks"])
    for marker in ("results text-image", "data text-image"):
        table = readme.split(f"<!-- {marker} -->")[1].split("<!-- end")[0].strip()
        assert table in text
    assert "SUBSET: 54,964 rows" in text
    assert (FOLDER / "command.txt").read_text().strip() in text
    assert "EMBEDDED" not in text


def test_ids_are_unique_and_the_same_every_time(write_folder):
    folders = (FOLDER, write_folder("made", data="embedded"))
    first = specification(build_report(folders, "e", "p"))
    assert first == specification(build_report(folders, "e", "p"))
    found = [block["metadata"] for block in json.loads(first)["spec"]["blocks"] if block["type"] == "panel-grid"]
    ids = [panel["__id__"] for grid in found for panel in grid["panelBankSectionConfig"]["panels"]]
    assert len(set(ids)) == len(ids) > 20


def test_embedded_results_say_so_and_show_comparisons_and_costs(write_folder):
    blocks = made(write_folder(data="embedded"))["spec"]["blocks"]
    text = "".join(block.get("content", "") for block in blocks)
    assert "EMBEDDED data" in text
    assert "paired over seeds" in text
    assert "spike operations" in text


def test_tasks_by_position_have_no_panel_of_their_own(tmp_path):
    folder = tmp_path / "orders"
    shutil.copytree(FOLDER, folder)
    forgetting = folder / "forgetting.csv"
    text = forgetting.read_text().replace(",ag_news,", ",position 1,").replace(",mnist,", ",position 2,")
    forgetting.write_text(text)
    found = grids(made(folder))
    assert "Learning curves" not in found
    assert [panel["metrics"] for panel in panels(found["Retention over the stream"])] == [[SO_FAR]]


@pytest.mark.parametrize("text", ["", "me", "me/", "/chaoscl", "a/b/c", "a b/c"])
def test_a_project_that_cannot_be_is_one_line(text):
    with pytest.raises(UserError, match="write ENTITY/PROJECT"):
        project_of(text)


def test_a_project_is_an_entity_and_a_name():
    assert project_of("my-team/chaos.cl_2") == ("my-team", "chaos.cl_2")


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        ((), "name at least one"),
        ((FOLDER, RESULTS / ".." / "results" / FOLDER.name), "given twice"),
        ((RESULTS / "nowhere",), "cannot be read"),
    ],
)
def test_folders_that_make_no_report_are_one_line(folders, words):
    with pytest.raises(UserError, match=words):
        build_report(folders, "e", "p")


def test_what_is_published_is_the_specification(monkeypatch):
    sent = []

    class Api:
        default_entity = "entity"

        def projects(self, entity):
            return []

        def create_project(self, name, entity):
            sent.append((entity, name))

    def answer(api, query, variables):
        sent.append(variables)
        view = {**json.loads(EXAMPLE.read_text()), "id": "abc", "spec": variables["spec"]}
        return {"upsertView": {"view": view}}

    import wandb_workspaces.reports.v2.interface as library

    monkeypatch.setattr(wandb_report, "check_login", lambda instead: None)
    monkeypatch.setattr(library, "_get_api", Api)
    monkeypatch.setattr(library, "execute_graphql", answer)
    monkeypatch.setattr(library, "get_app_url", lambda api: "https://wandb.example")
    address = publish(build_report([FOLDER], "entity", "chaoscl"))
    assert address.startswith("https://wandb.example/entity/chaoscl/reports/")
    project, variables = sent
    assert project == ("entity", "chaoscl")
    assert json.loads(variables["spec"]) == json.loads(EXAMPLE.read_text())["spec"]
    assert (variables["entityName"], variables["projectName"]) == ("entity", "chaoscl")


def test_a_refusal_of_the_service_is_one_line(monkeypatch):
    monkeypatch.setattr(wandb_report, "check_login", lambda instead: None)

    class Report:
        entity, project = "e", "p"

        def save(self):
            raise Exception("permission\n denied")

    with pytest.raises(UserError, match="did not take the report for e/p: permission denied;"):
        publish(Report())
