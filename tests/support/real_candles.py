"""The real candles of the shared test data: eight symbols, minute by minute, without a hole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.oracle_strategies import read_candles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.oracle_terms import Candles

SINCE_MS: Final = 1_746_403_200_000  # 2025-05-05T00:00:00Z
UNTIL_MS: Final = 1_748_908_800_000  # 2025-06-03T00:00:00Z
SYMBOLS: Final = ("AVAX", "BNB", "BTC", "ETH", "LINK", "SOL", "SUI", "XRP")


def read_market(shared_data: Path) -> dict[str, Candles]:
    """Return the candles of all symbols as plain lists, in the order they are run in."""
    folder = shared_data / "candles" / "binance-usdm"
    files = {name: folder / f"{name}USDT-1m-20250505_20250602.csv.gz" for name in SYMBOLS}
    return {f"{name}USDT": read_candles(file) for name, file in files.items()}
