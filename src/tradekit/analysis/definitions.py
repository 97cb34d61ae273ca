"""What each metric of a report means: `DEFINITIONS`, a sentence a metric, and `UNITS`.

The sentences are what documents, pages and tables quote. How a metric is computed stands in the
docstring of the function of its name: in `metrics` (counts and sums), `outcomes` (what trades
earned), `courses` (how they ran) or `returns` (the account over days).

Invariant: both tables have the same names, and a report holds each of them.
"""

from __future__ import annotations

from typing import Final

COUNT: Final = "count"
DAYS: Final = "days"
MINUTES: Final = "minutes"
MONEY: Final = "quote currency"
PER_DAY: Final = "per day"
PERCENT: Final = "percent"
RATIO: Final = "ratio"

_ENTRIES: Final[tuple[tuple[str, str, str], ...]] = (
    ("trade_count", COUNT, "Closed trades, whatever closed them, the frame's end included."),
    ("win_count", COUNT, "Trades whose pnl after all costs is above zero."),
    ("loss_count", COUNT, "Trades whose pnl after all costs is below zero."),
    (
        "win_rate_pct",
        PERCENT,
        "Winners in percent of winners and losers; trades that ended at exactly zero are neither.",
    ),
    ("pnl", MONEY, "Sum of the trades' pnl after all costs."),
    ("pnl_pct", PERCENT, "Pnl in percent of the whole account's capital, for one symbol too."),
    ("fees", MONEY, "Sum of the fees that the trades paid, entries and exits."),
    (
        "final_equity",
        MONEY,
        (
            "What the account was worth at the frame's end, with the costs of the exits made "
            "there taken."
        ),
    ),
    (
        "max_drawdown_pct",
        PERCENT,
        (
            "The deepest fall of equity below its highest value so far, in percent of that value "
            "and never above zero, measured at every close of a base candle and at the frame's "
            "end, with the capital as the first peak; of a symbol or strategy: of the capital "
            "plus what it alone did to it."
        ),
    ),
    (
        "exposure_pct",
        PERCENT,
        (
            "Candles that closed with a position open, in percent of all base candles of the "
            "symbol in the frame; a position that was opened and closed inside one candle adds "
            "none, and the total is over the candles of all symbols together."
        ),
    ),
    (
        "ambiguous_count",
        COUNT,
        "Trades with an ambiguous candle: its prices leave open what came first.",
    ),
    ("gross_profit", MONEY, "Sum of the pnl of the winners."),
    ("gross_loss", MONEY, "Sum of the pnl of the losers, never above zero."),
    (
        "avg_trade_pnl",
        MONEY,
        "What a trade earned on average, which is also what many call the expectancy in money.",
    ),
    ("median_trade_pnl", MONEY, "Half of the trades earned less than this, half more."),
    ("best_trade_pnl", MONEY, "The most that a trade earned."),
    ("worst_trade_pnl", MONEY, "The least that a trade earned."),
    ("avg_trade_pct", PERCENT, "What a trade earned on average, in percent of its own cost."),
    (
        "median_trade_pct",
        PERCENT,
        "Half of the trades earned less than this percentage of their cost, half more.",
    ),
    ("best_trade_pct", PERCENT, "The most that a trade earned, in percent of its own cost."),
    ("worst_trade_pct", PERCENT, "The least that a trade earned, in percent of its own cost."),
    (
        "trade_std_dev_pct",
        PERCENT,
        (
            "How widely the trades' earnings in percent of their cost scatter: the sample "
            "standard deviation."
        ),
    ),
    ("avg_win_pnl", MONEY, "What a winner earned on average."),
    ("avg_loss_pnl", MONEY, "What a loser earned on average, below zero."),
    ("avg_win_pct", PERCENT, "What a winner earned on average, in percent of its own cost."),
    (
        "avg_loss_pct",
        PERCENT,
        "What a loser earned on average, in percent of its own cost, below zero.",
    ),
    (
        "profit_factor",
        RATIO,
        "What the winners earned for each unit of money that the losers lost.",
    ),
    ("payoff_ratio", RATIO, "How many average losses the average win is worth."),
    (
        "risk_trade_count",
        COUNT,
        "Trades that had a stop on the losing side when they were opened; only these have an R.",
    ),
    (
        "expectancy_r",
        RATIO,
        (
            "What a trade earned on average, in multiples of what its first stop put at risk (R); "
            "trades without a stop are left out."
        ),
    ),
    (
        "sqn",
        RATIO,
        "System quality number: how many standard errors the average trade lies above zero.",
    ),
    ("max_win_streak", COUNT, "The most winners in a row, in order of exit."),
    ("max_loss_streak", COUNT, "The most losers in a row, in order of exit."),
    (
        "avg_win_streak_pnl",
        MONEY,
        "What an unbroken row of winners earned on average, a single winner counting as a row.",
    ),
    (
        "avg_loss_streak_pnl",
        MONEY,
        "What an unbroken row of losers earned on average, a single loser counting as a row.",
    ),
    ("avg_duration_minutes", MINUTES, "How long a trade was open on average."),
    ("avg_win_duration_minutes", MINUTES, "How long a winner was open on average."),
    ("avg_loss_duration_minutes", MINUTES, "How long a loser was open on average."),
    (
        "avg_trade_peak_pct",
        PERCENT,
        (
            "How high the trades' profit stood at best, on average, in percent of their cost "
            "after costs."
        ),
    ),
    (
        "avg_trade_drawdown_pct",
        PERCENT,
        (
            "How low the trades' profit stood at worst, on average, in percent of their cost "
            "after costs."
        ),
    ),
    ("best_trade_peak_pct", PERCENT, "The highest that the profit of any trade stood."),
    ("worst_trade_drawdown_pct", PERCENT, "The lowest that the profit of any trade stood."),
    ("trades_per_day", PER_DAY, "Closed trades for each day of the frame."),
    (
        "yearly_return_pct",
        PERCENT,
        (
            "The yearly growth that would turn the capital into the final equity; above 100 it "
            "carries a warning, since a short frame is then stretched into a year that nobody has "
            "seen."
        ),
    ),
    (
        "volatility_pct",
        PERCENT,
        "How widely the daily returns of equity scatter, scaled to a year of 365 days.",
    ),
    (
        "sharpe_ratio",
        RATIO,
        (
            "The average daily return of equity in units of its scatter, scaled to a year of 365 "
            "days, with no risk-free rate; a day that the frame cuts off counts as a day."
        ),
    ),
    (
        "sortino_ratio",
        RATIO,
        "As the Sharpe ratio, with only the days below zero counted as scatter.",
    ),
    ("calmar_ratio", RATIO, "Yearly return for each percent of the deepest drawdown."),
    ("recovery_factor", RATIO, "Pnl in percent of capital for each percent of deepest drawdown."),
    (
        "longest_drawdown_days",
        DAYS,
        (
            "The longest time from a highest equity until it was reached again, or until the "
            "frame's end."
        ),
    ),
)

DEFINITIONS: Final[dict[str, str]] = {name: sentence for name, _, sentence in _ENTRIES}
UNITS: Final[dict[str, str]] = {name: unit for name, unit, _ in _ENTRIES}
