"""How a run looks: its header, its progress while it lasts, its result as tables.

Decides what is shown where: what passes by goes to standard error, the result to standard output;
drawn and live on a terminal, plain lines of text into a pipe. The numbers come from the report.
Invariant: a table fits 80 columns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from tradekit.cli.doubts import counted, interval_lines, went_on
from tradekit.domain.time import format_time

if TYPE_CHECKING:
    from rich.box import Box

    from tradekit.analysis.metrics import Measure
    from tradekit.analysis.report import RunReport, Section
    from tradekit.bootstrap.market import Market
    from tradekit.bootstrap.plan import RunPlan
    from tradekit.bootstrap.replays import View
    from tradekit.bootstrap.request import Prepared
    from tradekit.bootstrap.run import FinishedRun
    from tradekit.drivers.replay import SymbolProgress

_REDRAW_S: Final = 0.1
_LINE_S: Final = 2.0
_CELLS: Final = 20
_PCT: Final = 100.0


class _Silent:
    """A view that shows nothing."""

    def waiting(self, names: Sequence[str]) -> None:
        """Show nothing."""

    def started(self, prepared: Prepared, market: Market) -> None:
        """Show nothing."""

    def progress(self, progress: Sequence[SymbolProgress]) -> None:
        """Show nothing."""

    def noted(self, note: str) -> None:
        """Show nothing."""


class _Lines:
    """A view of plain lines, a line of progress every two seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began_s = self._told_s = time.monotonic()

    def waiting(self, names: Sequence[str]) -> None:
        """Say what is being waited for."""
        self._say(f"waiting for {', '.join(names)}")

    def started(self, prepared: Prepared, market: Market) -> None:
        """Say what is about to run."""
        for line in _header(prepared, market):
            self._say(line)
        self._began_s = self._told_s = time.monotonic()

    def progress(self, progress: Sequence[SymbolProgress]) -> None:
        """Say how far all symbols are together, if the last time was a while ago."""
        now_s = time.monotonic()
        if progress and now_s - self._told_s >= _LINE_S:
            self._told_s = now_s
            done_pct = sum(each.done_frac for each in progress) / len(progress) * _PCT
            speed = sum(each.candles_done for each in progress) / (now_s - self._began_s)
            is_open = sum(bool(each.position) for each in progress)
            pnl = sum(each.pnl for each in progress)
            self._say(
                f"{done_pct:3.0f} %  {_speed(speed)} candles/s  {is_open} open  PnL {pnl:+,.2f}"
            )

    def noted(self, note: str) -> None:
        """Say something that came up on the way."""
        self._say(f"note: {note}")

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Drawn(_Lines):
    """A view on a terminal: the same lines, and a table of all symbols that is drawn again."""

    def __init__(self, console: Console, live: Live) -> None:
        super().__init__(console)
        self._live = live
        self._drawn_s = 0.0

    def progress(self, progress: Sequence[SymbolProgress]) -> None:
        """Draw a row for each symbol, if the last time was a moment ago."""
        now_s = time.monotonic()
        finished = all(each.done_frac >= 1.0 for each in progress)
        if now_s - self._drawn_s >= _REDRAW_S or finished:
            self._drawn_s = now_s
            elapsed_s = max(now_s - self._began_s, 1e-3)
            self._live.update(_progress_table(progress, elapsed_s), refresh=True)


@contextmanager
def open_view(*, silent: bool, colored: bool) -> Iterator[View]:
    """Yield the view that fits where standard error goes."""
    if silent:
        yield _Silent()
        return
    console = Console(stderr=True, no_color=None if colored else True)
    if not console.is_terminal:
        yield _Lines(console)
        return
    # What a strategy prints is drawn above the table, unless it goes elsewhere anyway.
    same_place = sys.stdout.isatty()
    with Live(
        console=console, auto_refresh=False, transient=True, redirect_stdout=same_place
    ) as live:
        yield _Drawn(console, live)


def print_outcome(outcome: FinishedRun, *, colored: bool) -> None:
    """Print the result to standard output: by symbol, in total, and where the run folder is."""
    console = Console(no_color=None if colored else True)
    report, market = outcome.report, outcome.market
    console.print(_result_table(report, _box(console)))
    for line in _summary(outcome):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    # On a terminal the header above has said it already.
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        for line in _doubts(market):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"run folder: {outcome.place}", markup=False, highlight=False, soft_wrap=True)


def _box(console: Console) -> Box | None:
    from rich import box

    return box.SIMPLE_HEAD if console.is_terminal else None


def _header(prepared: Prepared, market: Market) -> list[str]:
    plan = prepared.plan
    frame, costs = plan.frame, plan.costs
    running = "1 symbol" if len(market.tapes) == 1 else f"{len(market.tapes)} symbols"
    seed = f" (seed {plan.seed})" if plan.exchange.kind == "synthetic" else ""
    window = f"{format_time(frame.since_ms)} to {format_time(frame.until_ms)}"
    fees = f"fees {costs.maker_fee_pct:g} % maker {costs.taker_fee_pct:g} % taker"
    lines = [
        f"{plan.name} of {prepared.file} on {plan.exchange.name}{seed}",
        f"frame {frame.name}: {window} on {frame.base.plain}, {running}",
        f"capital {plan.capital:,.2f}, {fees}, slippage {costs.slippage_pct:g} %",
    ]
    if plan.workers > 1:
        lines.append(_split(plan, len(market.tapes)))
    lines += _doubts(market)
    return [*lines, *(f"not started: {error.message}" for error in market.failures)]


def _split(plan: RunPlan, symbols: int) -> str:
    """Say whether symbols run in several processes, and why they do or do not."""
    if plan.tied_by:
        return f"workers: 1, {plan.tied_by}"
    return f"workers: {min(plan.workers, symbols)}, symbols share no risk profile and no function"


def _doubts(market: Market) -> list[str]:
    return [
        *(f"warning: {warning}" for warning in market.warnings),
        *(f"note: {note}" for note in market.notes),
    ]


def _progress_table(progress: Sequence[SymbolProgress], elapsed_s: float) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("symbol", "", "%", "candles/s", "open", "PnL"):
        table.add_column(name, justify="left" if name in {"symbol", ""} else "right")
    for each in progress:
        cells = round(each.done_frac * _CELLS)
        table.add_row(
            escape(each.symbol),
            "━" * cells + " " * (_CELLS - cells),
            f"{each.done_frac * _PCT:.0f}",
            _speed(each.candles_done / elapsed_s),
            each.position,
            _signed(each.pnl),
        )
    return table


def _speed(candles_per_s: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if candles_per_s >= size:
            return f"{candles_per_s / size:.1f} {unit}"
    return f"{candles_per_s:.0f}"


def _result_table(report: RunReport, box: Box | None) -> Table:
    # Two columns of space between cells: one of them is the drawn table's own.
    padding = (0, 2, 0, 0) if box is None else (0, 1, 0, 0)
    table = Table(box=box, pad_edge=False, show_edge=False, padding=padding)
    table.add_column("symbol", no_wrap=True, overflow="ellipsis")
    for name in ("trades", "win %", "PnL", "fees", "max DD %", "exposure %"):
        table.add_column(name, justify="right", no_wrap=True)
    for symbol, section in report.symbols.items():
        table.add_row(escape(symbol), *_cells(section))
    if len(report.strategies) > 1:
        if box is not None:
            table.add_section()
        for strategy, section in report.strategies.items():
            table.add_row(escape(strategy), *_cells(section))
    if box is not None:
        table.add_section()
    table.add_row("total", *_cells(report.total), style="bold")
    return table


def _cells(section: Section) -> tuple[str, ...]:
    totals = section.totals
    return (
        f"{totals.trade_count:,}",
        _measured(totals.win_rate_pct),
        _signed(totals.pnl),
        f"{totals.fees:,.2f}",
        f"{totals.max_drawdown_pct:.2f}",
        _measured(totals.exposure_pct),
    )


def _ratios(section: Section) -> str:
    """Return the figures that people look for first, or why there is none."""
    shown = {
        "Sharpe": section.returns.sharpe_ratio,
        "profit factor": section.outcomes.profit_factor,
        "expectancy in R": section.outcomes.expectancy_r,
    }
    return ", ".join(
        f"{name} {measure.value:.2f}"
        if measure.value is not None
        else f"{name} - ({measure.undefined})"
        for name, measure in shown.items()
    )


def _signed(money: float) -> str:
    color = "green" if money > 0.0 else "red"
    text = f"{money:+,.2f}"
    return f"[{color}]{text}[/]" if money else text


def _measured(measure: Measure) -> str:
    return "-" if measure.value is None else f"{measure.value:.1f}"


def _summary(outcome: FinishedRun) -> list[str]:
    report = outcome.report
    total = report.total
    gained = f"{total.totals.pnl_pct:+.2f} %"
    lines = [
        f"equity {report.capital:,.2f} -> {report.final_equity:,.2f} ({gained})",
        _ratios(total),
    ]
    kinds = {
        "refused": total.rejected,
        "entries cancelled": total.cancelled,
        "exits": total.exits,
    }
    lines += [f"{name}: {counted(counts)}" for name, counts in kinds.items() if counts]
    lines += [f"first {rule}: {detail}" for rule, detail in report.first_refusals.items()]
    lines += went_on(report.errors)
    lines += interval_lines(outcome.document["interval"])
    over = [trade for gap in report.gaps for trade in gap["trades_over_holes"]]
    if over:
        pnl = sum(trade["pnl"] for trade in over)
        inside = sum(trade["inside"] for trade in over)
        made = f", {inside:,} of them traded at made-up prices" if inside else ""
        lines.append(f"holes: {len(over):,} trades met one{made}, PnL {pnl:+,.2f}")
    speed = total.candle_count / max(outcome.replay_s, 1e-6)
    lines.append(
        f"replayed {total.candle_count:,} candles in {outcome.replay_s:.2f} s, "
        f"{_speed(speed)} candles/s"
    )
    return lines
