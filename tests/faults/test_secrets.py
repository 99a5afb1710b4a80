"""A token in no file, no output and no list of processes, whatever command runs and however it fails."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import typer

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
SHORT_MODES = ("401", "labels", "tls")
MODES = (*SHORT_MODES, "500", "html", "hang", "cut", "redirect", "refused") if LONG else SHORT_MODES


class _Echo(http.server.BaseHTTPRequestHandler):
    """Sends back what it was sent, in every way that a careless server would."""

    mode = "401"
    told: list[str]

    def do_GET(self) -> None:
        told = self.headers.get("Authorization", "")
        self.told.append(told)
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
        self.send_response(int(self.mode) if self.mode.isdigit() else 302 if self.mode == "redirect" else 200)
        if self.mode == "redirect":
            self.send_header("Location", f"/?token={told}")
        self.send_header("Content-Type", "text/html" if self.mode == "html" else "application/json")
        self.send_header("Content-Length", str(len(body) + (50 if self.mode == "cut" else 0)))
        self.send_header("X-Echo", told)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the source of this mode is said to be."""
    mode = request.node.callspec.params["mode"]
    monkeypatch.setattr(_Echo, "mode", mode)
    monkeypatch.setattr(_Echo, "told", [], raising=False)
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    port = listening.server_address[1]
    if mode == "refused":
        listening.server_close()
        yield f"prometheus+http://127.0.0.1:{port}"
        return
    if mode == "tls":  # a certificate that nobody has signed
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(tmp_path, request.getfixturevalue("openssl_binary")))
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"prometheus+http{'s' if mode == 'tls' else ''}://127.0.0.1:{port}"
    listening.shutdown()
    listening.server_close()
    thread.join()


def _certificate(folder: Path, openssl: str) -> Path:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([openssl, *made, *names], check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def project(folder: Path, url: str, auth: str) -> None:
    """A shop with an objective, an incident, and a document of its own that reads from the source."""
    (folder / "shop" / "docs" / "Project Manager").mkdir(parents=True)
    (folder / "shop" / "docs" / "Project Manager" / "BusinessModel.md").write_text("Uptime target: 99.9 %\n")
    (folder / "second").mkdir()
    params = (
        f"as_of: 2026-10-01\nsource: {{url: '{url}', timeout: 1s, auth: {auth}}}\n"
        "slos: [{name: api, service: api, target: 99 %, window: 2d, good: good_total, total: all_total, owner: Ada}]\n"
        "history: {incidents: incidents.jsonl, drills: drills.jsonl}\n"
    )
    for name, where in (("shop", "shop"), ("second", "second")):
        (folder / f"{name}.yaml").write_text(f"project: {{name: Shop, path: {where}}}\n{params}")
    began = {"id": "INC-1", "title": "Out", "severity": "SEV1", "slo": "api", "began": "2026-09-30T01:00:00Z"}
    (folder / "incidents.jsonl").write_text(json.dumps({**began, "resolved": "2026-09-30T02:00:00Z"}) + "\n")
    (folder / "slo.yaml").write_text(SLOTH)
    (folder / "calendar.ics").write_text(CALENDAR)
    (folder / "rules.yaml").write_text("groups: [{name: g, rules: [{record: r, expr: up}]}]\n")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "Quiet.ipynb").write_text(notebook("Quiet", "../shop.yaml"))
    text = replaced(
        notebook("ErrorReview", "../shop.yaml"),
        "log = load.incidents(project)",
        "log = load.incidents(project)\\ncpu = load.reading(project, 'cpu', 'up')",
    )
    text = replaced(text, "show.open_questions(", "show.open_questions(show.sources(cpu), ")
    (folder / "notebooks" / "ErrorReview.ipynb").write_text(text)


SLOTH = """\
version: prometheus/v1
service: shop
slos:
  - name: api
    objective: 99
    sli: {events: {error_query: 'sum(rate(a[{{.window}}]))', total_query: 'sum(rate(b[{{.window}}]))'}}
    alerting: {name: Api}
"""
CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
BEGIN:VEVENT
UID:1
DTSTAMP:20260901T000000Z
DTSTART:20260901T000000Z
DTEND:20260908T000000Z
SUMMARY:Ada
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


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


RUNNER = """
import contextlib, io, json, sys, traceback
from sre_kit.cli import main
for arguments in json.loads(sys.argv[1]):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code = main(arguments)
        except BaseException:
            code = 70
            traceback.print_exc()
    print(json.dumps([arguments, code, out.getvalue()]), flush=True)
"""


def run(folder: Path, commands: Sequence[Sequence[str]]) -> list[tuple[list[str], int, str]]:
    """Each command's exit code and all it said; fails when the token is seen among the processes meanwhile."""
    environment = {**os.environ, "SHOP_TOKEN": CANARY, "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home")}
    environment |= {"SRE_KIT_TRACEBACK": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    for name in ("tmp", "home"):
        (folder / name).mkdir(exist_ok=True)
    said, watched, seen = folder.parent / f"{folder.name}.said", "", 0
    with said.open("w+") as out:
        command = [sys.executable, "-c", RUNNER, json.dumps(commands)]
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT) as process:
            while process.poll() is None:
                watched, seen = processes(), seen + 1
                assert not [form for form in FORMS if form in watched], "the token is in a command line"
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)
        out.seek(0)
        text = out.read()
    assert process.returncode == 0 and seen > 10, text
    assert not [form for form in FORMS if form in text], text
    return [tuple(json.loads(line)) for line in text.splitlines() if line.startswith("[[")]


AUTH = ("{token_env: SHOP_TOKEN}", "{token_file: token}", "{username: me, password_env: SHOP_TOKEN}")
SHOP = ("--params", "shop.yaml")
COMMANDS = (
    ("render", "Quiet", "--to", "html", *SHOP),
    ("render", "ErrorReview", "SLODefinitions", *SHOP),
    ("render", "ErrorReview", "--json", "--fresh", "--check", *SHOP),
    ("render", "ErrorReview", "--dry-run", "--engine", "kernel", *SHOP),
    ("render", "shop.yaml", "second.yaml", "ErrorReview", "--json", "--jobs", "1"),
    ("start", *SHOP),
    ("start", "--json", *SHOP),
    ("facts", "--all", *SHOP),
    ("facts", "--json", *SHOP),
    ("check", "shop/docs/SRE", "--all"),
    ("check", "shop/docs/SRE", "--json"),
    ("verify", *SHOP),
    ("verify", "--json", *SHOP),
    ("plan", *SHOP),
    ("params", "shop.yaml"),
    ("params", "--schema"),
    ("list", "--json", *SHOP),
    ("incident", "list", *SHOP),
    ("incident", "list", "--json", *SHOP),
    ("incident", "report", "INC-1", *SHOP),
    ("slo", "validate", "slo.yaml", "--json"),
    ("slo", "import", "slo.yaml", "--params", "imported.yaml"),
    ("slo", "rules", "slo.yaml"),
    ("oncall", "audit", "calendar.ics", "--json"),
    ("oncall", "diff", "calendar.ics", "calendar.ics"),
    ("oncall", "shifts", "calendar.ics"),
    ("oncall", "digest", *SHOP, "--shift", "now"),
    ("drill", "restic", "--tree", "nowhere", *SHOP),
    ("canary", "api", "--canary", "1/100", "--baseline", "1/900", *SHOP),
    ("drift", "rules.yaml", *SHOP),
    ("drift", "--json", "rules.yaml", *SHOP),
    ("research", "--dry-run", *SHOP),
    ("init", "shop", "--params", "new.yaml"),
    ("new", "Another", *SHOP),
    ("doctor", *SHOP),
    ("doctor", "--json", *SHOP),
)
APART = {("demo",), ("lab",)}
"""The first has a source and params of its own; the second is a server, tried by itself below."""


def test_every_command_is_tried() -> None:
    from sre_kit.cli.app import app

    whole: Any = typer.main.get_command(app)
    every = {
        (name, *inner)
        for name, command in whole.commands.items()
        for inner in ([(one,) for one in getattr(command, "commands", {})] or [()])
    }
    tried = {arguments[: 2 if arguments[0] in {"incident", "slo", "oncall", "drill"} else 1] for arguments in COMMANDS}
    assert tried | APART == every


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.fault("T1", "B")
def test_no_command_and_no_failure_of_a_server_shows_the_token(tmp_path: Path, server: str, mode: str) -> None:
    folder = tmp_path / "work"
    project(folder, server, AUTH[MODES.index(mode) % len(AUTH)])
    (folder / "token").write_text(CANARY)
    (folder / "token").chmod(0o600)
    done = run(folder, COMMANDS)
    assert [tuple(arguments) for arguments, _, _ in done] == list(COMMANDS)
    for arguments, code, said in done:
        # nobody may be asked there, and there is nothing to drill with
        allowed = {2} if arguments[0] in {"research", "drill"} else {0, 1, 3, 4, 5}
        assert code in allowed, f"{arguments}: {code}: {said}"
    sent = {form for form in FORMS for told in _Echo.told if form in told}
    assert bool(sent) == (mode not in {"tls", "refused"}), "the token was not sent, so that nothing could show it"
    assert (folder / "shop" / "docs" / "SRE" / "Quiet.md").is_file()
    assert len(list((folder / "shop" / ".sre_kit").rglob("*"))) > 3
    assert not leaks(folder), leaks(folder)


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="a server that takes seconds to start: only in `make faults`")
@pytest.mark.parametrize("mode", ["401"])
@pytest.mark.fault("T1", "A")
def test_the_laboratory_shows_no_token(tmp_path: Path, server: str, mode: str) -> None:
    """JupyterLab by itself: its command line, its log, and the copies of the notebooks."""
    folder = tmp_path / "work"
    project(folder, server, AUTH[0])
    environment = {**os.environ, "SHOP_TOKEN": CANARY, "HOME": str(folder)}
    command = [sys.executable, "-m", "sre_kit", "lab", "--no-browser", *SHOP]
    with (folder / "log").open("w") as out:
        started = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        try:
            for _ in range(600):
                assert started.poll() is None
                assert not [form for form in FORMS if form in processes()]
                if "/lab" in (folder / "log").read_text():
                    break
                time.sleep(0.1)
        finally:
            started.terminate()
            started.wait()
    assert "/lab" in (folder / "log").read_text()
    assert len(list((folder / "shop" / ".sre_kit").rglob("*.ipynb"))) > 6
    assert not leaks(folder), leaks(folder)


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
