"""The commands: names, options, help. What they do is in the modules beside this one, imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sre_kit.cli.canary import canary
from sre_kit.cli.drill import drill
from sre_kit.cli.oncall import oncall
from sre_kit.cli.slo import slo

EPILOG = """\
\b
Exit codes:
  0  done
  1  a threshold was breached (with --fail-on), a point or a drill failed, a canary is to be rolled back
  2  usage or params
  3  a source is unreachable or data incomplete; the documents are written, gaps marked; too few requests to judge
  4  a notebook failed; nothing is written
  5  the documents are out of date (--check) or not as published (verify), or rules are not as declared (drift)
  6  refused, to protect a hand edit, a lock or damaged markers
"""
INTRO = """\
SRE documents from a service's own documents, decisions and measurements.

\b
Examples:
  sre-kit demo
      a complete docs/SRE for a pretend shop, in outputs/demo
  sre-kit init ~/code/shop --params params/shop.yaml
      a commented params file from what is there
  sre-kit start --params params/shop.yaml
      what was read, what is missing, who owes it
  sre-kit render --params params/shop.yaml
      write the six documents and update build-plan.md
  sre-kit render --params params/shop.yaml --check --fail-on slo-breached
      for CI: exit 5 when out of date, 1 when an objective is breached
  sre-kit lab --params params/shop.yaml
      explore in JupyterLab
"""

app = typer.Typer(
    help=INTRO,
    epilog=EPILOG,
    rich_markup_mode=None,  # rich's help costs twice what the rest of the command line does
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ParamsOption = Annotated[str, typer.Option("--params", help="Params file or folder.", metavar="PATH")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="Report time, ISO 8601; default: the last complete UTC hour.")]
JSONOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where the pretend project is copied to.")] = Path("outputs/demo"),
    jobs: Annotated[int, typer.Option(help="Notebooks at a time.", min=1)] = 2,
) -> int:
    """Render a pretend shop; no network or keys needed."""
    from sre_kit.cli.demo import run

    return run(folder, jobs)


@app.command()
def start(params: ParamsOption = "", as_of: AsOfOption = "", json: JSONOption = False) -> int:
    """Open a session: what was read, what is missing."""
    from sre_kit.cli.start import run

    return run(params, as_of, json)


@app.command()
def facts(
    documents: Annotated[list[Path] | None, typer.Argument(help="Markdown files; default: the project's.")] = None,
    params: Annotated[str, typer.Option("--params", help="Params file or folder.", metavar="PATH")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Also what was refused, with the reason.")] = False,
    json: JSONOption = False,
) -> int:
    """Facts read from documents, with their source."""
    from sre_kit.cli.facts import run

    return run(documents or [], params, all_, json)


@app.command()
def render(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Documents to render (default: all), and params of many projects: whatever has a / or ends in .yaml.",
            metavar="[NAME|PARAMS]...",
        ),
    ] = None,
    params: ParamsOption = "",
    as_of: AsOfOption = "",
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value for the notebooks; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the documents here instead of docs/SRE of the project.")
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(help="md, html or both; html adds a page per document and an index.", metavar="FORM"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 5 if anything would change; write nothing.")] = False,
    fail_on: Annotated[
        list[str] | None,
        typer.Option("--fail-on", help="Exit 1 on: slo-breached, budget-exhausted, coverage-gap, failed-check."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A cell that prints or warns fails the render.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite documents that a person changed.")] = False,
    jobs: Annotated[int, typer.Option(help="Notebooks, or projects, at a time.", min=1)] = 2,
    timeout: Annotated[int, typer.Option(help="Seconds a cell may take.", min=1)] = 600,
    engine: Annotated[
        str, typer.Option(help="warm: forked from one parent; kernel: papermill and Jupyter kernels, slower.")
    ] = "warm",
    shard: Annotated[str, typer.Option(help="Only part i of n of the projects, for CI matrices.", metavar="I/N")] = "",
    dask: Annotated[
        str, typer.Option(help="Render projects on the workers of this dask scheduler.", metavar="ADDRESS")
    ] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run every notebook, also where nothing that it reads has changed.")
    ] = False,
    json: JSONOption = False,
) -> int:
    """Run the notebooks and publish the documents.

    Writes docs/SRE/*.md with images and artifacts beside them, and our part of build-plan.md.
    With --to html also docs/SRE/html: pages that need nothing beside them; later renders keep them true, --to md
    takes them away.

    \b
    Several projects: give their params as arguments, documents beside them.
      sre-kit render params/*.yaml --jobs 4
      sre-kit render params/*.yaml SLODefinitions --shard 2/3 --json
    One that fails stops no other; the exit code is the worst of them.
    """
    from sre_kit.cli import unchanged
    from sre_kit.cli.options import Options, split

    many, documents = split(names or ())
    options = Options(
        names=tuple(documents),
        params=params,
        as_of=as_of,
        parameters=tuple(parameter or ()),
        out=out,
        to=tuple(to or ()),
        dry_run=dry_run,
        check=check,
        fail_on=tuple(fail_on or ()),
        strict=strict,
        force=force,
        jobs=jobs,
        seconds=timeout,
        engine=engine,
        fresh=fresh,
        json=json,
    )
    return unchanged.answered_or_run(options, many, shard, dask)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder with the documents.", metavar="DIR")] = Path("docs/SRE"),
    all_: Annotated[bool, typer.Option("--all", help="Also the points that passed.")] = False,
    json: JSONOption = False,
) -> int:
    """Judge published documents by the rubric.

    Each point is passed, failed or not known, with its evidence and line. Exit 1 when one failed.
    """
    from sre_kit.cli.check import run

    return run(folder, all_, json)


@app.command()
def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with the documents; default: docs/SRE.", metavar="DIR")
    ] = None,
    params: Annotated[
        str, typer.Option("--params", help="Also compare params and data; the project's docs/SRE.", metavar="PATH")
    ] = "",
    json: JSONOption = False,
) -> int:
    """Compare published files and their inputs with the manifest.

    Every document, image, artifact and input by its SHA-256. Names what is missing or changed, and a mix of two runs.
    Exit 5 when anything differs.
    """
    from sre_kit.cli.verify import run

    return run(folder, params, json)


@app.command()
def plan(
    params: ParamsOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change; write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace our block although a person changed it.")] = False,
) -> int:
    """Update the SRE part of build-plan.md."""
    from sre_kit.cli.plan import run

    return run(params, dry_run, force)


@app.command("params")
def params_(
    path: Annotated[str, typer.Argument(help="Params file or folder to check.")] = "",
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema, for editors.")] = False,
) -> int:
    """Check a params file, or print its schema."""
    from sre_kit.cli.params import run

    return run(path, schema)


@app.command("list")
def list_(params: Annotated[str, typer.Option("--params", metavar="PATH")] = "", json: JSONOption = False) -> int:
    """Documents that can be rendered, and their parameters."""
    from sre_kit.cli.params import documents

    return documents(params, json)


@app.command()
def init(
    project: Annotated[Path, typer.Argument(help="The project's folder.", metavar="PROJECT")],
    params: Annotated[Path, typer.Option("--params", help="The file to write; never overwritten.")] = Path(
        "params/params.yaml"
    ),
) -> int:
    """Write a commented params file for a project."""
    from sre_kit.cli.init import run

    return run(project, params)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="CamelCase name of the document.", metavar="NAME")],
    params: ParamsOption = "",
) -> int:
    """Add a document of your own.

    A notebook in the folder notebooks/ beside the params file, rendered with the six.
    """
    from sre_kit.cli.init import new as run

    return run(name, params)


@app.command()
def drift(
    params: ParamsOption = "",
    files: Annotated[
        list[Path] | None, typer.Argument(help="Rule files; default: all of docs/SRE/artifacts.", metavar="[FILE]...")
    ] = None,
    json: JSONOption = False,
) -> int:
    """Compare generated rules with those in Prometheus.

    Names what is missing, differs or was added by hand in a declared group. Exit 5 when anything is.
    """
    from sre_kit.cli.drift import run

    return run(params, files or [], json)


app.add_typer(slo, name="slo")
app.add_typer(oncall, name="oncall")
app.add_typer(drill, name="drill")
app.command("canary")(canary)


@app.command()
def lab(
    params: Annotated[str, typer.Option("--params", metavar="PATH")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    dashboard: Annotated[
        str, typer.Option(help="Only the explorers of this notebook, as a page by Voila.", metavar="NOTEBOOK")
    ] = "",
) -> int:
    """Explore the notebooks in JupyterLab.

    The server listens on loopback and asks for a token.
    """
    from sre_kit.cli.lab import run

    return run(params, port, browser, dashboard)


@app.command()
def doctor(
    params: Annotated[
        str, typer.Option("--params", help="Also check this project's source and documents.", metavar="PATH")
    ] = "",
    json: JSONOption = False,
) -> int:
    """Check this machine and a project, with fixes.

    Python, kernel, fonts, tools, source and documents.
    """
    from sre_kit.cli.doctor import run

    return run(params, json)


@app.command()
def research(
    params: ParamsOption = "",
    tool: Annotated[list[str] | None, typer.Option(help="Only this one: web_search, tavily, context7.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print all that would leave; ask nobody.")] = False,
    json: JSONOption = False,
) -> int:
    """Ask Tavily, Context7 or a web search, as far as params allow.

    Off unless research names an MCP server. Fixed topics and the products of research.products leave, nothing else.
    """
    from sre_kit.cli.research import run

    return run(params, tool or [], dry_run, json)


incident_app = typer.Typer(help="Incidents of the log: list them, report on one.", no_args_is_help=True)
app.add_typer(incident_app, name="incident", rich_help_panel=None)


@incident_app.command("list")
def incident_list(
    params: ParamsOption,
    as_of: AsOfOption = "",
    severity: Annotated[str, typer.Option(help="Only this level.")] = "",
    json: JSONOption = False,
) -> int:
    """Incidents of the log, the latest first."""
    from sre_kit.cli.incident import listing

    return listing(params, as_of, severity, json)


@incident_app.command("report")
def incident_report(
    identifier: Annotated[str, typer.Argument(help="The incident, as the log calls it.", metavar="ID")],
    params: ParamsOption,
    as_of: AsOfOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a report that a person changed.")] = False,
) -> int:
    """Write the post-mortem of one incident as far as the data goes.

    docs/SRE/incidents/ID.md: timeline, impact in events, budget and minutes, deadline, action items; the rest is
    asked for.
    """
    from sre_kit.cli.incident import report

    return report(identifier, params, as_of, dry_run, force)


def _version(value: bool) -> None:
    if value:
        from sre_kit import __version__

        typer.echo(f"sre-kit {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""
