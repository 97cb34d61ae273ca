"""A folder with a strategy file, a module that it imports, candles, and one kept run."""

import json
import random
import shutil

from tests.support.candles import rows_of, series_of, write_csv

STRATEGY = """
from dataclasses import dataclass

from levels import STOP_PCT
from tradekit import Exchange, Frame, Signal, strategy

market = Exchange.files("candles")
days = Frame("days", "2026-04-01T01:00", "2026-04-02")


@dataclass(frozen=True)
class Params:
    target_pct: float = 2.0


@strategy("mine", every="15m", hold="4h", params=Params)
def mine(ctx):
    if ctx.price < 50.0:
        return None
    return Signal.long(stop_loss_pct=STOP_PCT, take_profit_pct=ctx.params.target_pct)
"""


def walk(count, *, seed=7):
    """Return the cells of a day of candles that wander around 100."""
    dice = random.Random(seed)
    rows = rows_of(series_of(range(count)))
    price = 100.0
    for row in rows:
        after = round(price * (1.0 + dice.gauss(0.0, 0.002)), 4)
        high, low = max(price, after) * 1.0005, min(price, after) * 0.9995
        row[1:] = [repr(each) for each in (price, high, low, after, 5.0)]
        price = after
    return rows


class Project:
    """A folder with a strategy file, a module that it imports, candles, and a first run."""

    def __init__(self, shell, made):
        """Make the folder, once in `made`, which is empty then."""
        self.shell = shell
        self.folder = shell.folder
        self.rows = walk(1440)
        if list(made.iterdir()):
            shutil.copytree(made, self.folder, dirs_exist_ok=True)
        else:
            self.make()
            shutil.copytree(self.folder, made, dirs_exist_ok=True)
        (self.first,) = (each.name for each in (self.folder / "runs").iterdir())

    def make(self):
        (self.folder / "candles").mkdir()
        (self.folder / "mine.py").write_text(STRATEGY)
        (self.folder / "levels.py").write_text("STOP_PCT = 1.0\n")
        self.write_candles()
        self.run()

    def write_candles(self):
        write_csv(self.folder / "candles" / "BTCUSDT-1m.csv", self.rows)

    def replace(self, name, old, new):
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def run(self, *options):
        """Make a run and return its id."""
        # Bytecode is trusted by the second in which its source was written: too coarse for a test.
        environ = {**self.shell.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        answer = self.shell(
            *("backtest", "mine.py", "--symbols", "BTCUSDT", "--json", *options), environ=environ
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)["data"]["run_id"]

    def __call__(self, *arguments):
        """Return exit code, document and standard error of `tradekit run ... --json`."""
        answer = self.shell("run", *arguments, "--json")
        return answer.returncode, json.loads(answer.stdout), answer.stderr

    def place(self, run_id):
        return self.folder / "runs" / run_id
