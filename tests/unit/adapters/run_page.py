"""A small run by hand for tests of its page, and a reader of the page that is not ours."""

import base64
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser

from tests.support.candles import DAY, series_of
from tradekit.adapters.html.page import Kept
from tradekit.analysis.equity import EquityPoint
from tradekit.domain.time import DAY_MS, MINUTE_MS

TOTAL = {
    "trade_count": 2,
    "win_count": 1,
    "loss_count": 1,
    "win_rate_pct": 50.0,
    "pnl": "-1234.56789",
    "pnl_pct": -12.3456789,
    "fees": "0.00000012",
    "max_drawdown_pct": -20.123456789,
    "exposure_pct": None,
    "ambiguous_count": 1,
    "made_up_ratio": 1e-05,
    "exits": {"stop_loss": 1, "take_profit": 1},
    "rejected": {},
    "cancelled": {},
    "undefined": {"exposure_pct": "no_candles"},
}
REPORT = {
    "base_ms": MINUTE_MS,
    "capital": "10000.0",
    "final_equity": "8765.43211",
    "fingerprint": "ab" * 32,
    "since_ms": DAY,
    "until_ms": DAY + DAY_MS,
    "total": TOTAL,
    "symbols": {"AUSDT": TOTAL},
    "failures": [],
    "first_refusals": {},
    "gaps": [],
    "not_started": [],
    "notes": [],
    "warnings": [],
}
MANIFEST = {
    "began": "2026-04-02T00:00:00Z",
    "ended": "2026-04-02T00:00:01Z",
    "config": {"strategy": "mine", "symbols": ["AUSDT"], "frame": {"name": "day", "base": "1m"}},
}


def trade(number=1, *, symbol="AUSDT", entry=5, left=9, pnl=-1.5, **changes):
    """Return a row as `KeptRun.trades` has it; times are minutes of the day."""
    return {
        "symbol": symbol,
        "strategy": "mine",
        "signal_id": f"mine-{symbol}-{number}",
        "direction": "long",
        "entry_ts_ms": DAY + entry * MINUTE_MS,
        "entry_price": 105.0,
        "exit_ts_ms": DAY + left * MINUTE_MS,
        "exit_price": 104.0,
        "reason": "stop_loss",
        "cost": 100.0,
        "quantity": 0.9,
        "pnl": pnl,
        "pnl_pct": pnl,
        "fees": 0.2,
        "entries": [],
        "exits": [],
        "peak_pct": 0.5,
        "drawdown_pct": -1.5,
        "ambiguous": False,
        **changes,
    }


def event(kind, of, *, phase="open", **data):
    """Return a row as `KeptRun.events` has it."""
    where = {name: of[name] for name in ("symbol", "strategy", "signal_id")}
    moment = of["exit_ts_ms" if kind == "closed" else "entry_ts_ms"]
    return {"kind": kind, "phase": phase, "ts_ms": moment, **where, **data}


def kept(**changes):
    """Return a run of one symbol, 120 candles and two trades."""
    trades = [trade(1), trade(2, entry=20, left=30, pnl=2.0, reason="take_profit")]
    whole = Kept(
        run_id="20260402T000000Z-mine-abababab",
        manifest=MANIFEST,
        report=REPORT,
        trades=trades,
        equity=[EquityPoint(DAY + DAY_MS, 8765.43211, 8765.43211, 0.0, -20.0)],
        events=[],
        candles={"AUSDT": series_of(range(120))},
        candle_notes={},
        made_up={},
    )
    return replace(whole, **changes)


class Reader(HTMLParser):
    """What a browser would see: tags with attributes, text outside of scripts, data elements."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.told, self.figures = [], [], {}
        self._open, self._metric, self._text = [], None, []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag in {"script", "style"}:
            self._open.append(tag)
        if "data-metric" in found:
            self._metric, self._text = found["data-metric"], []

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()
        if tag == "dd" and self._metric:
            self.figures[self._metric] = "".join(self._text)
            self._metric = None

    def handle_data(self, data):
        if not self._open:
            self.told.append(data)
            self._text.append(data)

    @property
    def text(self):
        """All text, spaces and ends of lines as one space."""
        return " ".join("".join(self.told).split())


def block(page, name):
    """Return the plain values of a packed block."""
    (packed,) = re.findall(rf'<script type="application/octet-stream" id="{name}">([^<]*)<', page)
    return json.loads(zlib.decompress(base64.b64decode(packed)))
