"""Online logging, and the later upload of offline runs, against a stand-in for the service on this machine."""

import json
import math
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from chaoscl.reports.wandb_log import SO_FAR

ROOT = Path(__file__).resolve().parents[2]


class Service(ThreadingHTTPServer):
    """Answers what the wandb package asks while it logs a run, and keeps what it was sent."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.runs, self.history, self.summary, self.artifacts, self.uploads = [], [], {}, [], {}

    def answer(self, name, values):
        if name == "Viewer":
            viewer = {"id": "V", "entity": "me", "username": "me", "email": "", "flags": "{}", "teams": {"edges": []}}
            return {"viewer": viewer}
        if name == "UpsertBucket":
            self.runs.append(values)
            project = {"id": "P", "name": values["project"], "entity": {"id": "E", "name": "me"}}
            bucket = {"id": "B", "name": values["name"], "displayName": "", "description": "", "config": "{}"}
            bucket |= {"sweepName": None, "project": project, "historyLineCount": 0}
            return {"upsertBucket": {"bucket": bucket, "inserted": True}}
        if name == "CreateRunFiles":
            files = [{"name": file, "uploadUrl": f"{self.address}/upload/{file}"} for file in values["files"]]
            return {"createRunFiles": {"runID": "B", "uploadHeaders": [], "files": files}}
        if name == "ArtifactType":
            return {"project": {"artifact": None}}
        if name == "CreateArtifact":
            asked = values["input"]
            self.artifacts.append((asked["artifactTypeName"], asked["artifactCollectionName"]))
            # Said to be there already, so that its files need not be uploaded again.
            made = {"id": "A", "digest": asked["digest"], "state": "COMMITTED", "aliases": []}
            return {"createArtifact": {"artifact": made | {"artifactSequence": {"id": "S", "latestArtifact": None}}}}
        return {}

    def streamed(self, files):
        for line in files.get("wandb-history.jsonl", {}).get("content", []):
            self.history.append(json.loads(line))
        for line in files.get("wandb-summary.json", {}).get("content", []):
            self.summary = json.loads(line)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _reply(self, content):
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self):
        self.server.uploads[self.path.removeprefix("/upload/")] = self._body()
        self._reply({})

    def do_POST(self):
        body = self._body()
        if self.path == "/graphql":
            asked = json.loads(body)
            name = re.search(r"(?:query|mutation)\s+(\w+)", asked["query"])
            self._reply({"data": self.server.answer(name and name[1], asked.get("variables") or {})})
            return
        if self.path.endswith("/file_stream"):
            self.server.streamed(json.loads(body).get("files") or {})
        self._reply({})


@pytest.fixture
def service():
    with Service() as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


LOG = (
    "import sys\n"
    "from pathlib import Path\n"
    "from chaoscl.evaluation.stored import read_run\n"
    "from chaoscl.reports.wandb_log import check_login, log_runs\n"
    "if sys.argv[1] == 'online': check_login()\n"
    "log_runs([read_run(Path(sys.argv[2]))], sys.argv[1], Path(sys.argv[3]))\n"
)


@pytest.fixture
def python(service, tmp_path):
    """Return a function that runs Python, logged in to the stand-in."""
    own = {name: str(tmp_path / name) for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR")}
    own |= {"WANDB_BASE_URL": service.address, "WANDB_API_KEY": "a" * 40, "PYTHONPATH": str(ROOT)}

    def call(*words):
        answer = subprocess.run(
            [sys.executable, *map(str, words)], env=os.environ | own, capture_output=True, text=True, timeout=200
        )
        assert answer.returncode == 0, answer.stderr

    return call


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_what_is_uploaded_is_what_the_run_s_files_hold(mode, run, service, python, tmp_path):
    out = tmp_path / "out"
    python("-c", LOG, mode, run.folder, out)
    if mode == "offline":
        assert not service.runs
        python("-m", "chaoscl", "wandb", "sync", out, "--project", "me/chaoscl")
        assert list(out.glob("wandb/offline-run-*/*.synced"))
    first = service.runs[0]
    assert (first["name"], first["project"], first["groupName"]) == ("abcdef012345", "chaoscl", "s/task/m/naive")
    config = {key: entry["value"] for key, entry in json.loads(first["config"]).items() if key != "_wandb"}
    assert config == run.spec
    history = sorted(service.history, key=lambda point: point["_step"])
    for point, row in zip(history, run.curves.to_dict("records"), strict=False):
        for name in ("loss", "running_train_accuracy", "train_accuracy", "validation_accuracy", "learning_rate"):
            assert point[f"{row['task']}/{name}"] == row[name]
    for point, cells in zip(history[3:], run.matrix.mean, strict=True):
        assert [point["retention/a"], point["retention/b"]] == cells.tolist()
    assert math.isclose(history[-1][SO_FAR], 0.625)
    summary = json.loads(service.uploads["wandb-summary.json"])
    assert (summary["average_accuracy"], summary["final/a"], summary["cost/samples"]) == (0.625, 0.75, 9)
    (table,) = (json.loads(data) for name, data in service.uploads.items() if "media/table/retention_matrix" in name)
    assert [line[2:4] for line in table["data"]] == run.matrix.mean.tolist()
    assert [name for name in service.uploads if "media/images/retention_heat_map" in name]
    assert ("chaoscl-run", "run-abcdef012345") in service.artifacts
