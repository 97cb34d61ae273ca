"""What a symbol-year of minutes adds to the memory of a replay."""

from __future__ import annotations

import subprocess
import sys

MINUTES = 525_600

PROGRAM = """
import asyncio, os, sys
from strategies.bracket import bracket
from tests.bench.floors import world
from tests.bench.test_replay import watcher
from tests.support.worlds import plan_of
from tradekit.drivers.replay import replay

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

symbols, minutes = int(sys.argv[1]), {minutes}
declared = bracket if sys.argv[2] == "bracket" else watcher
candles = world(symbols, minutes)
since = int(next(iter(candles.values())).ts_ms[0])
plan = plan_of(declared, candles, since_ms=since, until_ms=since + minutes * 60_000)
before = highest = resident()

def look(progress):
    global highest
    highest = max(highest, resident())

asyncio.run(replay(plan, on_progress=look))
look(None)
held = sum(c.nbytes for s in candles.values() for c in (s.ts_ms, *s.columns()))
print((held + highest - before) // 1024)
"""


def added_kib(symbols: int, name: str) -> int:
    program = PROGRAM.format(minutes=MINUTES)
    command = [sys.executable, "-c", program, str(symbols), name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


def test_symbol_year(capsys) -> None:
    for name in ("bracket", "while_open"):
        one, three = added_kib(1, name), added_kib(3, name)
        assert one > MINUTES * 6 * 8 // 1024, "the columns alone take that much"
        with capsys.disabled():
            print(
                f"\nsymbol-year, {name}: {one / 1024:.0f} MB for one, "
                f"{(three - one) / 2 / 1024:.0f} MB for each more (goal 60)"
            )
