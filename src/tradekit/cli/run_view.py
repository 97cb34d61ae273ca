"""How kept runs look: the list, one run with its doubts and its curve, two runs side by side.

Decides what is shown of a run, in which order and how a number is rounded; everything comes from
the run's own files. Where it is printed to a pipe nothing is cut off. How tables are drawn is
`tables`' business. Invariant: a list and a curve fit the terminal that they are printed to.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import typer

from tradekit.cli.curve import curve_lines
from tradekit.cli.doubts import counted, interval_lines, went_on
from tradekit.cli.tables import print_table
from tradekit.cli.verdict import printable

if TYPE_CHECKING:
    from pathlib import Path

    from tradekit.bootstrap.differences import Comparison, Difference
    from tradekit.bootstrap.runs import KeptRun, RunList

    Plain = Mapping[str, Any]

_WIDTH: Final = 80
_CURVE_LINES: Final = 8
_NONE: Final = "-"
_SYMBOLS_SHOWN: Final = 2
# Which columns of the list a narrow terminal does without, the first one first.
_SPARED: Final = ("frame", "when", "symbols", "strategy", "equity")
_FIGURES: Final = ("symbol", "trades", "win %", "PnL", "fees", "max DD %", "exposure %")
_RATIOS: Final = ("profit_factor", "expectancy_r", "sharpe_ratio", "sortino_ratio", "calmar_ratio")


def print_list(found: RunList, place: Path) -> None:
    """Print a row a run, then how many there are if not all are shown, and what is damaged."""
    rows = [_list_row(row) for row in found.rows if row["damage"] is None]
    if rows:
        headers, cells = _aligned(list(rows[0]), [list(row.values()) for row in rows], 5)
        if sys.stdout.isatty():
            headers, cells = _fitting(headers, cells, _columns())
        print_table(headers, cells)
    for row in found.rows:
        if row["damage"] is not None:
            _say(f"damaged: {row['run_id']}: {row['damage']}")
    if not found.run_count:
        typer.echo(f"there are no runs in {place}; see: tradekit backtest --help", err=True)
    elif len(found.rows) < found.run_count:
        typer.echo(
            f"the newest {len(found.rows):,} of {found.run_count:,}; all of them: --limit 0",
            err=True,
        )


def print_run(run: KeptRun) -> None:
    """Print a run: what it was, its figures by symbol and in total, its doubts, its curve."""
    from tradekit.bootstrap.runs import damaged

    fills = _fill_counts(run)
    try:
        lines = [*_identity(run), ""]
        headers, table = list(_FIGURES), _figure_rows(run.report)
        after = ["", *_result(run.report), *_doubts(run)]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise damaged(run.run_id, "report.json or manifest.json", "lacks what is shown") from None
    if fills:
        headers[2:2] = ("entries", "exits")
        for row in table:
            row[2:2] = [f"{count:,}" for count in fills.get(row[0], (0, 0))]
    curve = _curve([each.equity for each in run.equity()], run.report)
    for line in lines:
        _say(line)
    print_table(*_aligned(headers, table, 1))
    for line in (*after, "", *curve, f"run folder: {run.place}"):
        _say(line)


def print_comparison(a: KeptRun, b: KeptRun, result: Comparison) -> None:
    """Print the first events that differ, field by field and whole, and why they do."""
    if result.first is None:
        typer.echo(f"the events are the same, all {result.event_counts[0]:,} of them")
        _print_differences("differs without effect", [*result.differences, *result.idle])
        return
    first, (count_a, count_b) = result.first, result.event_counts
    _say(f"A: {a.run_id}, {count_a:,} events")
    _say(f"B: {b.run_id}, {count_b:,} events")
    typer.echo(f"the first event that differs is number {first.line:,}")
    fields = first.fields()
    print_table(
        ["field", "A", "B"],
        [
            [printable(each) for each in (name, _plain(one), _plain(other))]
            for name, (one, other) in fields.items()
        ],
    )
    for name, row in (("A", first.a), ("B", first.b)):
        _say(f"{name}: {_NONE if row is None else _plain(row)}")
    typer.echo(f"cause: {', '.join(result.causes)}")
    _print_differences("differs", result.differences)
    if not result.differences:
        typer.echo(
            "  nothing that was recorded explains it, and that must not happen: the strategy reads "
            "something else than its candles, as a file, the time or random numbers"
        )
    _print_differences("follows from that", result.implied)
    _print_differences("differs without effect", result.idle)


def _say(line: str) -> None:
    """Print a line that has words of a run in it."""
    typer.echo(printable(line))


def _list_row(row: Plain) -> dict[str, str]:
    symbols = row["symbols"]
    rest = len(symbols) - _SYMBOLS_SHOWN
    return {
        "run": row["run_id"],
        "when": row["began"][:16].replace("T", " "),
        "strategy": row["strategy"],
        "frame": row["frame"],
        "symbols": ",".join(symbols[:_SYMBOLS_SHOWN]) + (f" +{rest}" if rest > 0 else ""),
        "trades": f"{row['trade_count']:,}",
        "PnL": f"{float(row['pnl']):+,.2f}",
        "equity": f"{float(row['final_equity']):,.2f}",
        "max DD %": f"{row['max_drawdown_pct']:.2f}",
    }


def _aligned(
    headers: list[str], rows: list[list[str]], first: int
) -> tuple[list[str], list[list[str]]]:
    """Return a table whose columns from number `first` on end at the same place: numbers."""
    rows = [[printable(cell) for cell in row] for row in rows]
    columns = []
    for place, column in enumerate(zip(headers, *rows, strict=True)):
        width = max(map(len, column)) if place >= first else 0
        columns.append([cell.rjust(width) for cell in column])
    whole = [list(row) for row in zip(*columns, strict=True)]
    return whole[0], whole[1:]


def _fitting(
    headers: list[str], cells: list[list[str]], width: int
) -> tuple[list[str], list[list[str]]]:
    """Return a table without the columns that a terminal of that width has no room for."""
    # A drawn column takes three more than what is in it.
    sizes = [max(map(len, column)) + 3 for column in zip(headers, *cells, strict=True)]
    kept = list(range(len(headers)))
    for name in _SPARED:
        if sum(sizes[place] for place in kept) + 1 > width:
            kept = [place for place in kept if headers[place].strip() != name]
    return [headers[place] for place in kept], [[row[place] for place in kept] for row in cells]


def _identity(run: KeptRun) -> list[str]:
    manifest, config = run.manifest, run.manifest["config"]
    frame, costs, file = config["frame"], config["costs"], manifest["strategy_file"]
    seed = f" (seed {config['seed']})" if config["exchange"]["kind"] == "synthetic" else ""
    params = ", ".join(f"{name}={value}" for name, value in (config["params"] or {}).items())
    versions = manifest["versions"]
    fees = f"fees {costs['maker_fee_pct']:g} % maker {costs['taker_fee_pct']:g} % taker"
    slippage = f"slippage {costs['slippage_pct']:g} % (limit {costs['limit_slippage_pct']:g} %)"
    return [
        f"run {run.run_id}, began {manifest['began']}",
        f"strategy {config['strategy']} of {file['path']}, sha256 {file['sha256'][:12]}",
        *([f"parameters: {params}"] if params else []),
        f"exchange {config['exchange']['name']}{seed}, gaps {config['gaps']}",
        f"frame {frame['name']}: {frame['since']} to {frame['until']} on {frame['base']}",
        f"symbols: {', '.join(config['symbols'])}",
        f"capital {config['capital']:,.2f}, {fees}, {slippage}",
        f"tradekit {versions['tradekit']}, python {versions['python']}, numpy {versions['numpy']}",
    ]


def _fill_counts(run: KeptRun) -> dict[str, tuple[int, int]]:
    """Return by symbol, by strategy and in total how many entries and exits its trades had.

    Nothing is returned where each trade had one of both: then they are as many as there are trades.
    """
    from tradekit.bootstrap.runs import TRADES, damaged

    trades = run.trades()
    counts: dict[str, tuple[int, int]] = {}
    try:
        for trade in trades:
            for name in (trade["symbol"], trade["strategy"], "total"):
                entries, exits = counts.get(name, (0, 0))
                counts[name] = entries + len(trade["entries"]), exits + len(trade["exits"])
    except (KeyError, TypeError):
        raise damaged(run.run_id, TRADES, "has a trade without its fills") from None
    return {} if counts.get("total") == (len(trades), len(trades)) else counts


def _figure_rows(report: Plain) -> list[list[str]]:
    strategies = report.get("strategies") or {}
    sections = [
        *sorted(report["symbols"].items()),
        *(strategies.items() if len(strategies) > 1 else ()),
        ("total", report["total"]),
    ]
    return [
        [
            name,
            f"{section['trade_count']:,}",
            _measured(section.get("win_rate_pct"), 1),
            f"{float(section['pnl']):+,.2f}",
            f"{float(section['fees']):,.2f}",
            f"{section['max_drawdown_pct']:.2f}",
            _measured(section.get("exposure_pct"), 1),
        ]
        for name, section in sections
    ]


def _measured(value: object, digits: int) -> str:
    return _NONE if value is None else f"{float(str(value)):,.{digits}f}"


def _result(report: Plain) -> list[str]:
    total = report["total"]
    gained = f"{total['pnl_pct']:+.2f} %"
    capital, final = float(report["capital"]), float(report["final_equity"])
    lines = [f"equity {capital:,.2f} -> {final:,.2f} ({gained})"]
    reasons = total.get("undefined", {})
    ratios = [
        f"{name} {_measured(total[name], 2)}" + (f" ({reasons[name]})" if name in reasons else "")
        for name in _RATIOS
        if name in total
    ]
    lines += textwrap.wrap(", ".join(ratios), _WIDTH)
    if total["exits"]:
        lines.append(f"exits: {counted(total['exits'])}")
    return lines


def _doubts(run: KeptRun) -> Iterator[str]:
    """Yield every reason to doubt the figures."""
    report, total = run.report, run.report["total"]
    yield from interval_lines(report.get("interval"))
    for name, why in total.get("warnings", {}).items():
        yield f"doubtful: {name}, {why}"
    for gap in report["gaps"]:
        over = gap["trades_over_holes"]
        pnl = sum(float(trade["pnl"]) for trade in over)
        trades = f", {len(over):,} trades met one, PnL {pnl:+,.2f}" if over else ""
        yield f"holes: {gap['symbol']} {gap['holes']:,}, {gap['missing']:,} candles missing{trades}"
    if total["rejected"]:
        yield f"refused: {counted(total['rejected'])}"
    yield from (f"first {rule}: {detail}" for rule, detail in report["first_refusals"].items())
    if total["cancelled"]:
        yield f"entries cancelled: {counted(total['cancelled'])}"
    for failure in report["failures"]:
        yield f"failed: {failure['symbol']}: {failure['error']} in {failure['hook']}"
    yield from went_on(report.get("errors") or ())
    yield from (f"not started: {text}" for text in report["not_started"])
    yield from (f"warning: {text}" for text in report["warnings"])
    yield from (f"note: {text}" for text in (*report["notes"], *run.manifest["notes"]))


def _curve(equity: Sequence[float], report: Plain) -> list[str]:
    """Return the drawing of the account, nothing where the terminal cannot show it."""
    values = [float(report["capital"]), *equity]
    lines = curve_lines(values, width=_columns(), height=_CURVE_LINES)
    try:
        "".join(lines).encode(_encoding())
    except UnicodeEncodeError:
        return []
    return ["equity", *lines, ""]


def _encoding() -> str:
    return sys.stdout.encoding or "ascii"


def _print_differences(heading: str, differences: Sequence[Difference]) -> None:
    for each in differences:
        values = f"{_plain(each.a)} -> {_plain(each.b)}"
        _say(f"  {heading}: {each.cause} {each.name}: {values}")


def _plain(value: object) -> str:
    """Return a value as JSON has it, without quotes around a text."""
    import json

    return (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )


def _columns() -> int:
    return shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH
