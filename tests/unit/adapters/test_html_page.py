"""The page of a run: what is on it, exactly, and nothing that came in with the data."""

import base64
import hashlib
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import DAY, series_of
from tests.unit.adapters.run_page import (
    MANIFEST,
    REPORT,
    TOTAL,
    Reader,
    block,
    event,
    kept,
    trade,
)
from tradekit.adapters.html.distributions import histogram
from tradekit.adapters.html.markup import el
from tradekit.adapters.html.page import page
from tradekit.adapters.html.words import exact, label, lasting, rounded
from tradekit.analysis.equity import EquityPoint
from tradekit.domain.time import DAY_MS

EVIL = "</script><img src=x onerror=alert(1)>\"'&lt;<!--"


def report(**changes):
    return {**REPORT, **changes}


def text_of(**changes):
    return Reader(page(kept(report=report(**changes)))).text


def test_text_from_data_cannot_become_markup():
    evil = trade(1, symbol=EVIL, strategy=EVIL, signal_id=EVIL, reason=EVIL, direction=EVIL)
    config = {**MANIFEST["config"], "strategy": EVIL, "symbols": [EVIL], "params": {EVIL: EVIL}}
    made = page(
        kept(
            run_id=EVIL,
            manifest={**MANIFEST, "config": config, "notes": [EVIL], "versions": {EVIL: EVIL}},
            report=report(
                warnings=[EVIL],
                not_started=[EVIL],
                first_refusals={EVIL: EVIL},
                total={**TOTAL, "rejected": {EVIL: 1}, EVIL: 1, "undefined": {EVIL: EVIL}},
                symbols={EVIL: TOTAL},
            ),
            trades=[evil],
            events=[event("submitted", evil, note=EVIL)],
            candles={EVIL: series_of(range(9))},
            candle_notes={EVIL: EVIL},
        )
    )
    plain = Reader(page(kept()))

    read = Reader(made)

    assert "img" not in {tag for tag, _ in read.tags}
    assert sum(tag == "script" for tag, _ in read.tags) == sum(
        tag == "script" for tag, _ in plain.tags
    )
    assert not [name for _, found in read.tags for name in found if name.startswith("on")]
    assert read.text.count(EVIL) >= 8
    assert block(made, "run-data")["symbols"] == [EVIL]


def test_same_run_gives_the_same_bytes():
    assert page(kept()) == page(kept())


def test_nothing_but_its_own_two_scripts_may_run():
    made = page(kept())
    scripts = re.findall(r"<script>(.*?)</script>", made, re.DOTALL)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', made)
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]

    assert len(scripts) == 2
    assert re.findall(r"sha256-([^&]*)&", policy) == hashes
    assert policy.startswith("default-src &#x27;none&#x27;;")


def test_page_points_nowhere_but_to_the_maker_of_its_charts():
    read = Reader(page(kept()))
    links = [v for _, found in read.tags for k, v in found.items() if k in {"src", "href"}]

    assert {each for each in links if not each.startswith("#")} == {"https://www.tradingview.com/"}
    assert "Copyright (c) 2026 TradingView, Inc." in read.text
    assert "Apache License Version 2.0, January 2004" in read.text


def test_figures_of_the_total_are_the_report_to_the_last_digit():
    figures = Reader(page(kept())).figures

    assert figures["pnl"] == "-1234.56789"
    assert figures["pnl_pct"] == "-12.3456789 %"
    assert figures["fees"] == "0.00000012"
    assert figures["final_equity"] == "8765.43211"
    assert figures["made_up_ratio"] == "1e-05"
    assert figures["exposure_pct"] == "no candles"
    assert figures["exits.stop_loss"] == "1"


def test_figures_rounded_have_the_exact_one_as_their_value():
    assert rounded("pnl", "-1234.565") == (
        '<data value="-1234.565" title="-1234.565" class="loss">-1,234.56</data>'
    )
    assert ">0.00000012<" in rounded("fees", "0.00000012")
    assert ">-0.050<" in rounded("x", "-0.05")
    assert ">0.00<" in rounded("x", 0.0)
    assert rounded("y", True) == "true"
    assert ">12,345,678<" in rounded("trade_count", 12345678)
    assert ">1d 4h<" in rounded("held_ms", 28 * 3_600_000)


def test_names_that_nobody_foresaw_are_their_own_words():
    assert label("avg_made_up_pct") == "Average made up"
    assert exact("made_up", "text that is no number") == "text that is no number"
    assert [lasting(ms) for ms in (0, 59_000, 3_660_000, 90_061_000)] == [
        *("0m", "59s", "1h 1m", "1d 1h"),
    ]


def test_result_and_doubts_stand_side_by_side():
    read = Reader(page(kept()))
    panels = [
        found.get("aria-labelledby")
        for _, found in read.tags
        if found.get("class") in {"verdict", "panel", "panel doubts"}
    ]

    assert panels[:3] == [None, "result-title", "doubts-title"]


def test_interval_shows_both_paths_and_whether_the_sign_changes():
    path = {"pnl": "-3.25", "pnl_pct": -0.033, "trade_count": 7, "win_rate_pct": None}
    interval = {
        "ambiguous_candles": 3,
        "stop_first": path,
        "target_first": {**path, "pnl": "4.75"},
        "sign_changes": True,
    }

    text = text_of(interval=interval)

    assert "The sign depends on the path: 3 ambiguous candles, 1 ambiguous trade" in text
    # The cells of a table follow one another without a space.
    assert "Stop firstTarget firstPnL-3.254.75PnL of capital-0.033 %-0.033 %Trades77" in text


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        (None, "Interval not computed, 1 ambiguous trade"),
        (
            {"ambiguous_candles": 2, "stop_first": {"pnl": "1.0"}, "target_first": None},
            "The second path was not computed.",
        ),
        ({"ambiguous_candles": 0}, "ambiguous candles (there is one path and one result)"),
    ],
)
def test_interval_that_is_not_there_is_told(interval, told):
    assert told in text_of(interval=interval)


def test_doubts_tell_what_was_found():
    hole = {
        "symbol": "AUSDT",
        "holes": 2,
        "missing": 90,
        "longest_since_ms": DAY,
        "longest_until_ms": DAY + 3_600_000,
        "trades_over_holes": [
            {"signal_id": "mine-AUSDT-2", "pnl": "2.0", "inside": True},
            {"signal_id": "mine-AUSDT-1", "pnl": "-1.5", "inside": False},
        ],
    }
    failure = {"ts_ms": DAY, "symbol": "BUSDT", "strategy": "mine", "error": "E", "hook": "look"}
    made = page(
        kept(
            manifest={**MANIFEST, "failures": {"BUSDT": "it raised"}, "notes": ["again"]},
            report=report(
                gaps=[hole],
                failures=[failure],
                errors=[
                    {**failure, "symbol": "AUSDT", "error": "KeyError", "hook": "ladder"}
                    | {"count": 1200},
                    {**failure, "symbol": "CUSDT", "count": 1},
                ],
                not_started=["no candles of CUSDT"],
                warnings=["DUSDT is not listed"],
                notes=["AUSDT: starts late"],
                first_refusals={"insufficient_cash": "cost was 9"},
                total={**TOTAL, "rejected": {"insufficient_cash": 1200}},
            ),
        )
    )

    text = Reader(made).text

    assert "90 candles missing, 2 trades met a hole, 1 of them traded at made-up prices" in text
    assert "mine-AUSDT-2 2.00 at a made-up price" in text
    assert text.count("at a made-up price") == 1
    assert 'href="#trade=mine-AUSDT-2"' in made
    assert "1,200 orders refused" in text
    assert "cost was 9" in text
    assert "1 symbol stopped by a failure" in text
    assert "1,201 calls of a hook raised, and the run went on" in text
    assert "AUSDTladderKeyError1,2002026-04-01 00:00" in text
    assert "BUSDT 2026-04-01 00:00 in look: it raised" in text
    assert all(
        each in text
        for each in ("no candles of CUSDT", "DUSDT is not listed", "AUSDT: starts late", "again")
    )


def test_doubts_that_were_looked_for_and_not_found_are_named():
    assert "Looked for and not found: holes in the candles, refused orders, failures" in text_of()


def test_page_without_candles_says_so_and_draws_the_prices_traded():
    made = page(kept(candles={}, candle_notes={"AUSDT": "their hash differs"}))

    text = Reader(made).text

    assert "Charts without candles" in text
    assert "AUSDT: their hash differs" in text
    assert "There are no candles; the line joins the prices traded." in text
    assert 'id="candles-0"' not in made


def test_run_without_trades_has_a_page():
    total = {**TOTAL, "trade_count": 0, "exits": {}, "win_rate_pct": None}
    made = page(kept(trades=[], report=report(total=total, symbols={"AUSDT": total}), equity=[]))

    assert "No trade was closed." in Reader(made).text
    assert "No day has ended." in Reader(made).text
    assert block(made, "run-data")["trades"]["count"] == 0


def test_nothing_is_drawn_that_is_not_a_number():
    with pytest.raises(ValueError, match="not JSON compliant"):
        page(kept(trades=[trade(cost=math.nan)]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300))
def test_histogram_has_every_value_once(values):
    made = histogram(np.array(values))

    assert sum(made.counts) == len(values)
    assert 1 <= len(made.counts) <= 32
    assert np.all(np.diff(made.edges) > 0)


def test_months_are_the_change_of_equity_where_the_report_has_none():
    ends = [(DAY, 11_000.0), (DAY + 30 * DAY_MS, 9_900.0)]  # the last moments of March and April
    points = [EquityPoint(ts_ms, value, value, 0.0, 0.0) for ts_ms, value in ends]

    made = page(kept(equity=points))

    assert 'title="10.0" class' not in made
    assert '<data value="10.0" title="10.0">10.00</data>' in made
    assert '<data value="-10.0" title="-10.0">-10.00</data>' in made
    assert '<data value="-1.0" title="-1.0" class="loss">-1.00</data>' in made  # of the year


def test_months_of_the_report_come_first():
    month = {"month": "2026-04", "return_pct": 3.25, "pnl": "325.0", "undefined": {}}

    made = page(kept(report=report(total={**TOTAL, "months": [month]})))

    assert '<data value="3.25" title="3.25">3.25</data>' in made
    assert "All figures by month" in Reader(made).text


def test_candles_that_were_made_up_are_told_for_each_symbol():
    made = Reader(page(kept(made_up={"AUSDT": 1200, "BUSDT": 0, "CUSDT": 3}))).text

    assert (
        "Every 1m candle of the run. Made up to fill holes, flat at the last close before them: "
        "1,200 of AUSDT, 3 of CUSDT, counted in candles of 1m."
    ) in made
    assert "Made up to fill" not in Reader(page(kept(made_up={"AUSDT": 0}))).text


def test_elements_escape_text_and_attributes():
    made = el("p", "<&>", None, ["a", el("b", 1)], class_='x"y', hidden=True, title=None)

    assert made == '<p class="x&quot;y" hidden>&lt;&amp;&gt;a<b>1</b></p>'
