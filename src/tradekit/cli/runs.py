"""`tradekit run`: the runs that were kept; list, look at, remove, hand on, verify and compare them.

Decides how the options read and what the JSON documents say. How a run looks is `run_view`'s
business, the work that of `bootstrap`; choosing the exit code is `cli.app`'s.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradekit.cli import completion
from tradekit.cli.options import AsJson, epilog
from tradekit.cli.verdict import Verdict, printable

if TYPE_CHECKING:
    from tradekit.bootstrap.layers import Layers
    from tradekit.bootstrap.runs import KeptRun

app = typer.Typer(
    name="run",
    help="List, show, compare and check the runs that were kept.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the other commands have it
)

_NAMED = "Its id, the beginning of it, or `last`."
RunName = Annotated[
    str, typer.Argument(metavar="ID", help=_NAMED, autocompletion=completion.run_ids)
]
OtherRun = Annotated[
    str, typer.Argument(metavar="OTHER", help=_NAMED, autocompletion=completion.run_ids)
]
RunsDir = Annotated[
    Path | None, typer.Option("--runs-dir", help="Where the run folders are; else runs/.")
]


class Form(StrEnum):
    """What trades can be written as."""

    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"


@app.command(
    "list",
    epilog=epilog(
        ["tradekit run list", "tradekit run list --limit 0 --json"],
        "0 done, also without any run, 1 the folder of runs cannot be read, 2 wrong options",
    ),
)
def list_runs(
    limit: Annotated[int, typer.Option(min=0, help="The newest so many; 0 is all.")] = 20,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> Verdict:
    """List the runs that were kept, the newest first."""
    from tradekit.bootstrap import runs

    project = _project(runs_dir)
    found = runs.list_runs(project, limit=limit)
    if not as_json:
        from tradekit.cli.run_view import print_list

        print_list(found, project.runs_dir)
    return Verdict({"runs": found.rows, "run_count": found.run_count})


@app.command(
    "show",
    epilog=epilog(
        ["tradekit run show last", "tradekit run show 20260401T123005Z-bracket --json"],
        "0 done, 1 the run cannot be read, 2 no such run or wrong options, 5 the run is damaged",
    ),
)
def show_run(run_id: RunName, runs_dir: RunsDir = None, as_json: AsJson = False) -> Verdict:
    """Show what a run was, what it came to, and the reasons to doubt that."""
    run = _find(run_id, runs_dir)
    if not as_json:
        from tradekit.cli.run_view import print_run

        print_run(run)
    return Verdict(
        {
            "run_id": run.run_id,
            "run_dir": str(run.place),
            "manifest": run.manifest,
            "report": run.report,
        }
    )


@app.command(
    "rm",
    epilog=epilog(
        [
            "tradekit run rm 20260401T123005Z-bracket-2263b63b --yes",
            "tradekit run rm 20260401T1 20260402T1 --yes",
        ],
        "0 removed, 1 one may not be removed or the question was answered with no, 2 no such run, "
        "wrong options, or neither --yes nor a terminal to ask on",
    ),
)
def remove_runs(
    run_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="Ids, or the beginning of one alone; not `last`.",
            autocompletion=completion.run_ids,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Remove without a question.")] = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> Verdict:
    """Remove runs for good; without --yes a terminal is asked, and nothing else will do."""
    from tradekit.bootstrap import runs
    from tradekit.errors import TradekitError

    project = _project(runs_dir)
    ids = _ids_to_remove(project, run_ids)
    if not yes and not _is_confirmed(ids):
        return Verdict({"removed": []}, [TradekitError("nothing was removed")])
    runs.remove_runs(project, ids)
    if not as_json:
        for each in ids:
            typer.echo(printable(f"removed {each}"))
    return Verdict({"removed": ids})


@app.command(
    "export",
    epilog=epilog(
        [
            "tradekit run export last --trades csv > trades.csv",
            "tradekit run export 20260401T123005Z-bracket --trades parquet --to trades.parquet",
        ],
        "0 done, 1 the file cannot be written, 2 no such run, wrong options or no pyarrow, "
        "5 the run's trades are damaged",
    ),
)
def export_run(
    run_id: RunName,
    trades: Annotated[Form, typer.Option("--trades", help="What to write the trades as.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Replaced if it is there; else standard output."),
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> Verdict:
    """Write the trades of a run for other programs, a trade a row.

    csv: a column for each field of trades.jsonl; times in ms UTC (entry_ts_ms) and as ISO-8601
    (entry_time); entries and exits as JSON, a list of fills with ts_ms, price, quantity and fee.
    jsonl: the rows of trades.jsonl as they are, prices and money as text. parquet: the columns of
    csv with types, prices and money as 64-bit floats; it needs --to and pyarrow.
    """
    from tradekit.bootstrap import trade_export
    from tradekit.errors import SettingsError

    if trades is Form.PARQUET and to is None:
        raise SettingsError(
            "--trades was parquet, which is no text: it must have a file", fix="add --to FILE"
        )
    run = _find(run_id, runs_dir)
    data: dict[str, Any] = {"run_id": run.run_id, "format": trades.value}
    if to is not None:
        size = trade_export.export_trades(run, trades.value, to)
        if not as_json:
            typer.echo(printable(f"wrote {to}, {size:,} bytes"), err=True)
        return Verdict({**data, "file": str(to), "bytes": size})
    if as_json:
        from tradekit.bootstrap.runs import TRADES, read_rows

        return Verdict({**data, "trades": read_rows(run.store, run.run_id, TRADES)})
    sys.stdout.write(trade_export.trades_text(run, trades.value))
    return Verdict(data)


@app.command(
    "verify",
    epilog=epilog(
        ["tradekit run verify last", "tradekit run verify 20260401T123005Z-bracket --json"],
        "0 every file is what was written, 1 the run cannot be read, 2 no such run or wrong "
        "options, 4 a file is missing, extra, changed or cut off, or an older tradekit kept no "
        "hashes, 5 nothing in it can be judged",
    ),
)
def verify_run(run_id: RunName, runs_dir: RunsDir = None, as_json: AsJson = False) -> Verdict:
    """Check that a run is still what was written: hashes, trades off the events, figures off those.

    Hashes find damage and mistakes. They are no signature: whoever can write the files of a run can
    write its hashes as well.
    """
    from tradekit.bootstrap.verification import verify_run as verify
    from tradekit.errors import DataError

    result = verify(_project(runs_dir), run_id)
    findings = [each._asdict() for each in result.findings]
    failures = [
        DataError(f"{each.file} of run {result.run_id} is {each.what}: {each.detail}")
        for each in result.findings
    ]
    if not as_json and not findings:
        told = f"run {result.run_id} is what was written, {len(result.files)} files"
        typer.echo(printable(told))
    return Verdict({"run_id": result.run_id, "files": result.files, "findings": findings}, failures)


@app.command(
    "diff",
    epilog=epilog(
        ["tradekit run diff 20260401T12 last", "tradekit run diff 20260401T12 last --json"],
        "0 the events are the same, 1 a run cannot be read, 2 no such run or wrong options, "
        "4 they differ, 5 a run is damaged",
    ),
)
def diff_runs(
    run_id: RunName, other: OtherRun, runs_dir: RunsDir = None, as_json: AsJson = False
) -> Verdict:
    """Show the first event in which two runs differ, and why they do.

    Causes: code (the strategy file or a module of yours that it imports), parameter, data
    (candles), settings (costs, limits, capital, frame, symbols, exchange ...), engine (versions).
    The number of workers is none.
    """
    from tradekit.bootstrap.differences import compare_runs
    from tradekit.errors import DataError

    a, b = _find(run_id, runs_dir), _find(other, runs_dir)
    result = compare_runs(a, b)
    if not as_json:
        from tradekit.cli.run_view import print_comparison

        print_comparison(a, b, result)
    data = {"a": a.run_id, "b": b.run_id, **result.document()}
    if result.first is None:
        return Verdict(data)
    causes = ", ".join(result.causes)
    line = result.first.line
    sentence = f"runs {a.run_id} and {b.run_id} differ from event {line:,} on; cause: {causes}"
    return Verdict(data, [DataError(sentence)])


@app.command(
    "report",
    epilog=epilog(
        [
            "tradekit run report last --html report.html",
            "tradekit run report 20260401T123005Z-bracket --html report.html --json",
        ],
        "0 done, 1 the page cannot be written, 2 no such run or folder, 5 the run is damaged",
    ),
)
def report_run(
    run_id: RunName,
    html: Annotated[
        Path, typer.Option("--html", metavar="FILE", help="The page; replaced if it is there.")
    ],
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> Verdict:
    """Write a run as one page that opens from disk, without a network."""
    import asyncio

    from tradekit.bootstrap.page import write_page
    from tradekit.bootstrap.runs import find_run
    from tradekit.bootstrap.settings import load_settings

    settings = load_settings(Path.cwd(), os.environ, {"--runs-dir": runs_dir})
    run = find_run(settings, run_id)
    size = asyncio.run(write_page(run, settings, html))
    if not as_json:
        typer.echo(printable(f"wrote {html}, {size:,} bytes"))
    return Verdict({"run_id": run.run_id, "file": str(html), "bytes": size})


def _project(runs_dir: Path | None) -> Layers:
    """Return where runs are; what else is set cannot matter to one that was kept."""
    from tradekit.bootstrap.layers import read_layers

    return read_layers(Path.cwd(), os.environ, {"--runs-dir": runs_dir})


def _find(text: str, runs_dir: Path | None) -> KeptRun:
    from tradekit.bootstrap.runs import find_run

    return find_run(_project(runs_dir), text)


def _ids_to_remove(project: Layers, texts: Sequence[str]) -> list[str]:
    """Return the ids meant, each once; all mistakes are told together, and nothing is gone then."""
    from tradekit.bootstrap.runs import LAST, find_id
    from tradekit.errors import SettingsError, TradekitError, raise_all

    ids: list[str] = []
    mistakes: list[TradekitError] = []
    for text in texts:
        try:
            found = find_id(project, text)
        except TradekitError as error:
            mistakes.append(error)
            continue
        if text == LAST != found:
            mistakes.append(
                SettingsError(
                    f"run was {text!r}, must be an id: what is removed is named",
                    fix=f"the last one is {found}",
                )
            )
        ids.append(found)
    raise_all("nothing was removed", mistakes)
    return list(dict.fromkeys(ids))


def _is_confirmed(ids: Sequence[str]) -> bool:
    """Return whether somebody at a terminal says yes.

    Raises:
        SettingsError: nobody can be asked.
    """
    from tradekit.errors import SettingsError

    if not sys.stdin.isatty():
        raise SettingsError(
            f"--yes was not given, and there is no terminal to ask whether {len(ids):,} of the "
            "runs may be removed",
            fix="add --yes",
        )
    for each in ids:
        typer.echo(printable(each), err=True)
    return typer.confirm("remove for good?", err=True)
