"""Execution plans: each thing an expert looks for, the line it points at, and a real PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sre_kit import show
from sre_kit.compute.performance.query_plans import PlanFinding, own_times, plan_findings
from sre_kit.load.pgplans import plans
from sre_kit.load.pgstatements import statements
from tests.conftest import required

DEMO = Path(__file__).resolve().parents[2] / "sre_kit" / "demo"


def node(kind: str = "Seq Scan", *below: dict[str, Any], **values: Any) -> dict[str, Any]:
    usual = {"Plan Rows": 10, "Actual Rows": 10, "Actual Loops": 1, "Actual Total Time": 10.0}
    named = {key.replace("_", " "): value for key, value in values.items()}
    return {"Node Type": kind, **usual, **named} | ({"Plans": list(below)} if below else {})


def found(folder: Path, plan: dict[str, Any], **more: Any) -> list[PlanFinding]:
    path = folder / "p.json"
    path.write_text(json.dumps([{"Plan": plan, "Execution Time": 100.0} | more], indent=2), encoding="utf-8")
    read = plans([("p.json", path)])
    assert not read.gaps
    return plan_findings(read)


CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("misestimate", node(Plan_Rows=10, Actual_Rows=5000, Relation_Name="orders"), {}, "500 times off"),
    ("misestimate", node(Plan_Rows=5000, Actual_Rows=0), {}, "5,000 rows planned, 0 came"),
    ("filter loss", node(Filter="(a = 1)", Rows_Removed_by_Filter=99_990), {}, "> 99 %|100.0 %|99"),
    (
        "sort spilled",
        node("Sort", Sort_Space_Type="Disk", Sort_Space_Used=4824, Sort_Method="external merge"),
        {},
        "4,824 kB",
    ),
    ("hash spilled", node("Hash", Hash_Batches=8), {}, "8 batches"),
    ("hash spilled", node("Aggregate", HashAgg_Batches=5, Disk_Usage=9000), {}, "9,000 kB on disk"),
    ("lossy bitmap", node("Bitmap Heap Scan", Lossy_Heap_Blocks=12), {}, "12 heap blocks"),
    (
        "stale visibility map",
        node("Index Only Scan", Heap_Fetches=500, Actual_Rows=1000, Plan_Rows=1000),
        {},
        "500 heap",
    ),
    (
        "many inner loops",
        node("Nested Loop", node(), node("Index Scan", Actual_Loops=20_000, Actual_Total_Time=0.001)),
        {},
        "20,000 times",
    ),
    ("own time", node(Actual_Total_Time=60.0), {}, "60 % of the execution"),
    ("compilation", node(), {"JIT": {"Functions": 3, "Timing": {"Total": 40.0}}}, "40 ms of 100 ms"),
    (
        "trigger",
        node(),
        {"Triggers": [{"Trigger Name": "RI_1", "Constraint Name": "fk", "Time": 50.0, "Calls": 9}]},
        "fk took 50 %",
    ),
    ("cold buffers", node(Shared_Hit_Blocks=10, Shared_Read_Blocks=990), {}, "990 of 1,000 blocks"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "plan", "more", "evidence"), CASES, ids=[f"{c[0]} {n}" for n, c in enumerate(CASES)])
def test_each_thing_that_stands_out_is_found_with_its_line(
    what: str, plan: dict[str, Any], more: dict[str, Any], evidence: str, tmp_path: Path
) -> None:
    import re

    (one,) = [finding for finding in found(tmp_path, plan, **more) if finding.what == what]
    assert re.search(evidence, one.evidence), one.evidence
    assert one.suggestion and one.line > 0


def test_a_plan_where_nothing_stands_out_has_no_finding(tmp_path: Path) -> None:
    quiet = node("Hash Join", node(), node("Hash", Hash_Batches=1), Actual_Total_Time=25.0)
    assert found(tmp_path, quiet) == []
    text = show.execution_plans([], plans([("p", tmp_path / "p.json")])).markdown()
    assert "nothing stands out" in text


def test_own_time_counts_loops_and_workers_as_they_ran(tmp_path: Path) -> None:
    looped = node(
        "Nested Loop",
        node(Actual_Total_Time=10.0),
        node(Actual_Loops=20, Actual_Total_Time=2.0),
        Actual_Total_Time=60.0,
    )
    parallel = node("Gather", node(Actual_Loops=3, Actual_Total_Time=30.0), Workers_Launched=2, Actual_Total_Time=32.0)
    found(tmp_path, looped)
    (plan,) = plans([("p", tmp_path / "p.json")]).plans
    assert list(own_times(plan).values()) == [10.0, 10.0, 40.0]
    found(tmp_path, parallel)
    (plan,) = plans([("p", tmp_path / "p.json")]).plans
    assert list(own_times(plan).values()) == [2.0, 30.0], "three workers beside one another"


def test_a_finding_points_at_the_line_that_shows_it() -> None:
    path = DEMO / "plan-count-events.json"
    lines = path.read_text(encoding="utf-8").splitlines()
    for one in plan_findings(plans([("p", path)])):
        key = {"filter loss": "Rows Removed by Filter", "own time": "Actual Total Time"}[one.what]
        assert key in lines[one.line - 1] and one.node == "Seq Scan on order_events"


def test_psqls_frame_and_words_inside_strings_do_not_move_a_line(tmp_path: Path) -> None:
    plain = json.dumps(
        [{"Plan": node(Filter="(a = '\"Node Type\":')", Rows_Removed_by_Filter=99_990), "Execution Time": 1.0}],
        indent=2,
    )
    width = max(map(len, plain.splitlines())) + 1
    framed = "QUERY PLAN".center(width) + "\n" + "-" * (width + 1) + "\n"
    framed += "\n".join(f" {line.ljust(width)}+" for line in plain.splitlines()) + "\n(1 row)\n"
    (tmp_path / "p.txt").write_text(framed, encoding="utf-8")
    read = plans([("p", tmp_path / "p.txt")])
    (one,) = [finding for finding in plan_findings(read) if finding.what == "filter loss"]
    assert "Rows Removed by Filter" in framed.splitlines()[one.line - 1]


def test_what_auto_explain_logs_is_a_plan(tmp_path: Path) -> None:
    logged = {"Query Text": "SELECT 1", "Plan": node(Actual_Total_Time=50.0)}
    (tmp_path / "p.json").write_text(json.dumps(logged), encoding="utf-8")
    (plan,) = plans([("p", tmp_path / "p.json")]).plans
    assert (plan.statement, plan.execution) == ("SELECT 1", 50.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Seq Scan on orders  (cost=0.00..1.01)", "no JSON.*FORMAT JSON"),
        ("[]", "no plan of PostgreSQL"),
        ('[{"Plan": 3}]', "no plan of PostgreSQL"),
        ('[{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 3}}]', "add ANALYZE"),
        ("[" * 50_000, "no JSON"),
    ],
)
def test_an_unusable_plan_is_a_gap_with_its_reason(text: str, words: str, tmp_path: Path) -> None:
    import re

    (tmp_path / "p.json").write_text(text, encoding="utf-8")
    (gap,) = plans([("p.json", tmp_path / "p.json")]).gaps
    assert gap.degraded and re.search(words, gap.because), gap.because


def test_statements_inside_others_are_left_out_and_users_added_up(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(
        "userid,toplevel,query,calls,total_exec_time,rows,jit_generation_time,jit_emission_time\n"
        "1,t,SELECT f(),10,1000,10,200,100\n2,t,SELECT f(),30,1000,10,0,0\n1,f,SELECT inner,10,900,10,0,0\n",
        encoding="utf-8",
    )
    read = statements(tmp_path / "s.csv")
    (one,) = read.statements
    assert (one.calls, one.total, one.mean, one.rows, one.jit) == (40, 2.0, 0.05, 20, 0.3)
    assert any("ran inside others" in note for note in read.notes)


# --- a real server


@pytest.fixture(scope="module")
def postgres() -> Iterator[list[str]]:
    """psql against a server of its own on a socket in a folder of its own, ended with the tests."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
    if not homes or not shutil.which("psql"):
        required("PostgreSQL is not installed (Debian: apt-get install --no-install-recommends postgresql)")
    home = homes[-1]
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="sre-kit-pg-", dir="/tmp"))
    if user:
        shutil.chown(folder, user)
    told = {"user": user, "cwd": folder, "check": True, "capture_output": True, "timeout": 120}
    subprocess.run([home / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "--no-sync"], **told)  # type: ignore[call-overload]
    settings = {
        "listen_addresses": "''", "unix_socket_directories": f"'{folder}'", "fsync": "off", "work_mem": "64kB",
        "shared_preload_libraries": "pg_stat_statements", "max_parallel_workers_per_gather": 0,
    }  # fmt: skip
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
    server = subprocess.Popen(
        [home / "postgres", "-D", folder / "data"],
        user=user,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    command = ["psql", "-qXAt", "-h", str(folder), "-U", "postgres", "-v", "ON_ERROR_STOP=1", "postgres"]
    try:
        for _ in range(300):
            if subprocess.run([*command, "-c", "SELECT 1"], capture_output=True, check=False).returncode == 0:
                break
            assert server.poll() is None, "PostgreSQL ended"
            import time

            time.sleep(0.1)
        yield command
    finally:
        server.send_signal(2)  # fast shutdown
        server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def sql(command: list[str], *words: str) -> str:
    arguments = [part for one in words for part in ("-c", one)]
    return subprocess.run([*command, *arguments], capture_output=True, check=True, text=True, timeout=120).stdout


@pytest.mark.server
def test_a_real_postgresql_shows_what_its_plans_and_statements_say(postgres: list[str], tmp_path: Path) -> None:
    sql(
        postgres,
        "CREATE EXTENSION pg_stat_statements",
        "CREATE TABLE orders AS SELECT g AS id, CASE WHEN g % 20 = 0 THEN 'IE' ELSE 'NL' END AS country, "
        "CASE WHEN g % 20 = 0 THEN 'Galway' ELSE 'Delft' END AS city, md5(g::text) AS note "
        "FROM generate_series(1, 60000) g",
        "ANALYZE orders",
    )
    explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
    for name, query in {
        "correlated": "SELECT * FROM orders WHERE country = 'IE' AND city = 'Galway'",
        "filtered": "SELECT count(*) FROM orders WHERE note = 'x'",
        "sorted": "SELECT * FROM orders ORDER BY note",
    }.items():
        (tmp_path / f"{name}.json").write_text(sql(postgres, explain + query), encoding="utf-8")
    found = {(one.plan, one.what) for one in plan_findings(plans([("*", tmp_path / "*.json")]))}
    assert {("correlated", "misestimate"), ("filtered", "filter loss"), ("sorted", "sort spilled")} <= found
    assert ("filtered", "sort spilled") not in found
    out = sql(postgres, "COPY (SELECT * FROM pg_stat_statements) TO STDOUT WITH (FORMAT csv, HEADER)")
    (tmp_path / "statements.csv").write_text(out, encoding="utf-8")
    read = statements(tmp_path / "statements.csv")
    assert read.gap is None and read.version != "PostgreSQL 12 or earlier"
    made = next(one for one in read.statements if one.query.startswith("CREATE TABLE orders"))
    assert (made.calls, made.rows) == (1, 60000)
