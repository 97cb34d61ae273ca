"""How a run looks while it lasts, and tables that fit whatever is in them."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tradekit.analysis.metrics import Measure, Totals
from tradekit.analysis.report import build_report
from tradekit.cli import render
from tradekit.drivers.replay import SymbolProgress

PROGRESS = [
    SymbolProgress("BTCUSDT", 0.25, 10_000, "long", -12.5),
    SymbolProgress("1000000MOGUSDT", 0.75, 30_000, "", 1_234_567.891),
]


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=80, force_terminal=False)


def text_of(console):
    return console.file.getvalue()


def test_waiting_names_what_for(console):
    render._Lines(console).waiting(["exchange 'local'", "the run folder"])

    assert text_of(console) == "waiting for exchange 'local', the run folder\n"


def test_lines_of_progress_are_rare(console, monkeypatch):
    moments = iter([100.0, 100.5, 104.0, 104.1])
    monkeypatch.setattr(render.time, "monotonic", lambda: next(moments))
    view = render._Lines(console)

    for _ in range(3):
        view.progress(PROGRESS)

    assert text_of(console) == " 50 %  10.0 k candles/s  1 open  PnL +1,234,555.39\n"


def test_table_of_progress_fits(console):
    console.print(render._progress_table(PROGRESS, 2.0))

    lines = text_of(console).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].split() == ["symbol", "%", "candles/s", "open", "PnL"]
    assert lines[1].split() == ["BTCUSDT", "━━━━━", "25", "5.0", "k", "long", "-12.50"]
    assert lines[2].split()[-1] == "+1,234,567.89"


def report_of(scale):
    nothing = build_report([], {}, capital=1.0, base_ms=60_000, since_ms=0, until_ms=60_000)
    totals = Totals(
        trade_count=int(scale),
        win_count=0,
        loss_count=0,
        win_rate_pct=Measure(None, "no_trades"),
        pnl=-1.5 * scale,
        pnl_pct=-0.15 * scale,
        fees=0.5 * scale,
        max_drawdown_pct=-99.99,
        exposure_pct=Measure(100.0),
        ambiguous_count=0,
    )
    section = replace(nothing.total, totals=totals, candle_count=10)
    return replace(nothing, total=section, symbols={"1000000MOGUSDT": section})


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e5])
@pytest.mark.parametrize("drawn", [True, False])
def test_table_of_results_fits(console, scale, drawn):
    from rich import box

    console.print(render._result_table(report_of(scale), box.SIMPLE_HEAD if drawn else None))

    text = text_of(console)
    assert all(len(line.rstrip()) <= 80 for line in text.splitlines())
    assert f"{-1.5 * scale:+,.2f}" in text
    assert "…" not in text


@pytest.mark.parametrize(
    ("speed", "text"), [(950.0, "950"), (72_900.0, "72.9 k"), (2_640_000.0, "2.6 M")]
)
def test_speeds_are_short(speed, text):
    assert render._speed(speed) == text
