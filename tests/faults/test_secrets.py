"""A token in no file, no output and no list of processes, whatever command runs and however it fails."""

from __future__ import annotations

import base64
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from sre_kit.cli import main
from sre_kit.cli.init import notebook

CANARY = "c4nary+T0ken/=é"[:-1] + "x9"
FORMS = {
    CANARY,
    quote(CANARY),
    quote(CANARY, safe=""),
    quote_plus(CANARY),
    base64.b64encode(CANARY.encode()).decode().rstrip("="),
    base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("="),
    base64.b64encode(f"me:{CANARY}".encode()).decode().rstrip("="),
    json.dumps(CANARY)[1:-1],
    repr(CANARY)[1:-1],
}
LONG = os.environ.get("SRE_KIT_FAULTS") == "long"
MODES = ("401", "labels", "500", "html", "hang", "cut") if LONG else ("401", "labels")


class _Echo(http.server.BaseHTTPRequestHandler):
    """Sends back what it was sent, in every way that a careless server would."""

    mode = "401"

    def do_GET(self) -> None:
        told = self.headers.get("Authorization", "")
        for kind in ("Bearer ", "Basic "):
            told = told.removeprefix(kind)
        if self.mode == "hang":
            time.sleep(3)
            return
        point = [1790000000, "1"]
        series = {"metric": {"__name__": "up", "instance": told}, "values": [point], "value": point}
        kind = "matrix" if "query_range" in self.path else "vector"
        answer = {"status": "success", "data": {"resultType": kind, "result": [series]}}
        body = {
            "labels": json.dumps(answer).encode(),
            "html": f"<h1>Hello {told}</h1>".encode(),
            "cut": json.dumps({"status": told}).encode(),
        }.get(self.mode, json.dumps({"status": "error", "errorType": told, "error": f"not you: {told}"}).encode())
        self.send_response(int(self.mode) if self.mode.isdigit() else 200)
        self.send_header("Content-Type", "text/html" if self.mode == "html" else "application/json")
        self.send_header("Content-Length", str(len(body) + (50 if self.mode == "cut" else 0)))
        self.send_header("X-Echo", told)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()
    thread.join()


def project(folder: Path, url: str, auth: str) -> None:
    (folder / "shop" / "docs" / "Project Manager").mkdir(parents=True)
    (folder / "shop" / "docs" / "Project Manager" / "BusinessModel.md").write_text("Uptime target: 99.9 %\n")
    (folder / "shop.yaml").write_text(
        f"project: {{name: Shop, path: shop}}\nas_of: 2026-10-01\nsource: {{url: '{url}', timeout: 1s, auth: {auth}}}\n"
    )
    (folder / "notebooks").mkdir()
    text = notebook("ErrorReview", "../shop.yaml").replace(
        "log = load.incidents(project)",
        "log = load.incidents(project)\\ncpu = load.reading(project, 'cpu', 'up')",
    )
    text = text.replace(
        "show.open_questions(gaps=project.gaps)", "show.open_questions(show.sources(cpu), gaps=project.gaps)"
    )
    (folder / "notebooks" / "ErrorReview.ipynb").write_text(text)


def leaks(folder: Path) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "token":
            content = path.read_bytes()
            found += [str(path.relative_to(folder)) for form in FORMS if form.encode() in content]
    return found


def processes() -> str:
    """The command lines of every process, as `ps` shows them to everybody."""
    lines = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(one.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return "\n".join(lines)


def run(folder: Path, *arguments: str, traceback: bool = False) -> tuple[int, str]:
    """Exit code and everything that was said; fails when the token is seen among the processes."""
    environment = {**os.environ, "SHOP_TOKEN": CANARY, "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home")}
    if traceback:
        environment["SRE_KIT_TRACEBACK"] = "1"
    for name in ("tmp", "home"):
        (folder / name).mkdir(exist_ok=True)
    command = [sys.executable, "-m", "sre_kit", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        watched = ""
        while process.poll() is None:
            watched += processes()
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        said = process.stdout.read() if process.stdout else ""
    assert not [form for form in FORMS if form in watched], "the token is in a command line"
    return process.returncode, said


AUTH = ("{token_env: SHOP_TOKEN}", "{token_file: token}", "{username: me, password_env: SHOP_TOKEN}")
COMMANDS = (
    ("render", "ErrorReview", "--params", "shop.yaml"),
    ("doctor", "--params", "shop.yaml", "--json"),
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.fault("T1", "B")
def test_no_failure_of_a_server_shows_the_token(
    tmp_path: Path, server: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Echo, "mode", mode)
    auth = AUTH[MODES.index(mode) % len(AUTH)]
    project(tmp_path, f"prometheus+http://{server}", auth)
    (tmp_path / "token").write_text(CANARY)
    (tmp_path / "token").chmod(0o600)
    for arguments in COMMANDS:
        code, said = run(tmp_path, *arguments, traceback=arguments[0] == "doctor")
        assert not [form for form in FORMS if form in said], f"{arguments}: {said}"
        assert code in {0, 3, 4, 5}, said
        assert not leaks(tmp_path), f"{arguments}: {leaks(tmp_path)}"


BAD_PARAMS = {
    "a token as a value": "source: {url: 'demo:', auth: {token: 'CANARY'}}",
    "a password as a value": "source: {url: 'demo:', auth: {username: me, password: 'CANARY'}}",
    "a key of another name": "source: {url: 'demo:', api-key: 'CANARY'}",
    "a nested key": "oncall: {people: [{name: A, accessToken: 'CANARY'}]}",
    "in the address": "source: {url: 'prometheus+http://me:CANARY@127.0.0.1:1'}",
    "in the address's query": "source: {url: 'prometheus+http://127.0.0.1:1/?access_token=CANARY'}",
    "in the proxy": "source: {url: 'prometheus+http://127.0.0.1:1', auth: {proxy: 'http://me:CANARY@127.0.0.1:1'}}",
    "in place of the variable's name": "source: {url: 'prometheus+http://127.0.0.1:1', auth: {token_env: 'CANARY'}}",
    "in a file that others may read": "source: {url: 'prometheus+http://127.0.0.1:1', auth: {token_file: open-token}}",
}


@pytest.mark.parametrize("case", BAD_PARAMS)
@pytest.mark.fault("T1", "C")
def test_a_secret_that_is_written_where_none_belongs_is_refused_and_not_repeated(
    tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, "demo:", "{}")
    head = "project: {name: Shop, path: shop}\nas_of: 2026-10-01\n"
    (tmp_path / "shop.yaml").write_text(head + BAD_PARAMS[case].replace("CANARY", CANARY) + "\n")
    (tmp_path / "open-token").write_text(CANARY)
    (tmp_path / "open-token").chmod(0o644)
    code = main(["doctor", "--params", str(tmp_path / "shop.yaml"), "--json"])
    said = "".join(capsys.readouterr())
    assert code in {2, 3}, f"{case}: it was taken for good"
    assert not [form for form in FORMS if form in said], said
    assert CANARY.partition("/")[0] not in said, "half of it is too much"
    (tmp_path / "open-token").unlink()
    (tmp_path / "shop.yaml").unlink()
    assert not leaks(tmp_path)
