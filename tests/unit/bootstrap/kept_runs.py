"""Small kept runs for tests: whole folders, written as a backtest writes them."""

import hashlib
import json
from types import SimpleNamespace

from tradekit.adapters.run_folder import RunFolders
from tradekit.bootstrap.results import manifest_text
from tradekit.bootstrap.runs import summary

FILL = {"ts_ms": 1_775_001_600_000, "price": "100.0", "quantity": "1.0", "fee": "0.1"}
TRADE = {
    "symbol": "BTCUSDT",
    "strategy": "mine",
    "signal_id": "mine-BTCUSDT-1",
    "direction": "long",
    "entry_ts_ms": 1_775_001_600_000,
    "entry_price": "100.0",
    "exit_ts_ms": 1_775_001_660_000,
    "exit_price": "99.0",
    "reason": "stop_loss",
    "cost": "100.0",
    "quantity": "1.0",
    "pnl": "-1.2",
    "pnl_pct": -1.2,
    "fees": "0.2",
    "entries": [FILL],
    "exits": [FILL],
    "peak_pct": 0.0,
    "drawdown_pct": -1.2,
    "ambiguous": False,
}
EVENT = {**TRADE, "ts_ms": 1_775_001_660_000, "phase": "inside", "seq": 2, "kind": "closed"}
EVENTS = [{**EVENT, "kind": "submitted", "seq": 1}, {**EVENT, "cash_delta": "98.9", "note": ""}]
SECTION = {
    "trade_count": 1,
    "win_rate_pct": 0.0,
    "pnl": "-1.2",
    "pnl_pct": -0.012,
    "fees": "0.2",
    "max_drawdown_pct": -0.012,
    "exposure_pct": None,
    "ambiguous_count": 0,
    "exits": {"stop_loss": 1},
    "rejected": {},
    "cancelled": {},
}
CONFIG = {
    "strategy": "mine",
    "params": {"fast": 1},
    "exchange": {"name": "local", "kind": "local", "directory": "", "seed": None},
    "frame": {
        "name": "days",
        "since": "2026-04-01T00:00:00Z",
        "until": "2026-04-02T00:00:00Z",
        "base": "1m",
    },
    "symbols": ["BTCUSDT"],
    "costs": {
        "maker_fee_pct": 0.1,
        "taker_fee_pct": 0.1,
        "slippage_pct": 0.1,
        "limit_slippage_pct": 0.1,
    },
    "limits": {"max_stop_pct": 100.0},
    "capital": 10_000.0,
    "gaps": "refuse",
    "workers": 1,
    "seed": 0,
}
MANIFEST = {
    "schema": "tradekit.manifest/2",
    "began": "2026-04-01T12:00:00.123Z",
    "config": CONFIG,
    "strategy_file": {"path": "mine.py", "sha256": "f" * 64, "modules": {"levels": "a" * 64}},
    "data_sha256": {"BTCUSDT": "b" * 64},
    "lead_ms": 60_000,
    "versions": {"tradekit": "1", "python": "3", "numpy": "2", "engine_sha256": "c" * 64},
    "notes": [],
}

OLD_MANIFEST = {
    **{name: value for name, value in MANIFEST.items() if name != "lead_ms"},
    "schema": "tradekit.manifest/1",
    "strategy_file": {"path": "mine.py", "sha256": "f" * 64},
    "versions": {"tradekit": "0", "python": "3", "numpy": "2"},
}


def report_of(events_text, **changes):
    """Return a `report.json` for these events."""
    return {
        "capital": "10000.0",
        "final_equity": "9998.8",
        "fingerprint": hashlib.sha256(events_text.encode()).hexdigest(),
        "total": SECTION,
        "symbols": {"BTCUSDT": SECTION},
        "first_refusals": {},
        "failures": [],
        "gaps": [],
        "notes": [],
        "warnings": [],
        "not_started": [],
        **changes,
    }


def lines_text(rows):
    """Return rows as the lines of a file."""
    return "".join(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in rows)


def keep(folder, run_id, *, events=EVENTS, trades=(TRADE,), manifest=MANIFEST, **report):
    """Keep a run below `folder`, and return the project that it is in."""
    texts = {
        "events.jsonl": lines_text(events),
        "trades.jsonl": lines_text(trades),
        "equity.csv": "ts_ms,equity,cash,position_value,drawdown_pct\n"
        "1775088000000,9998.8,9998.8,0.0,-0.012\n",
    }
    document = report_of(texts["events.jsonl"], **report)
    texts["report.json"] = json.dumps(document) + "\n"
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    whole = {**manifest, "files": hashes, "summary": summary(document)}
    texts["manifest.json"] = manifest_text(whole)
    store = RunFolders(folder / "runs")
    store.write(run_id, {name: [text] for name, text in texts.items()})
    return SimpleNamespace(runs_dir=folder / "runs", store=store)
