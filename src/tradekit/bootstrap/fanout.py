"""Replaying symbols apart, each worker process with a share of them.

Decides how symbols are shared out and how what comes back is put together. Whether the result
stands for one schedule is `run`'s business. Invariant: a worker is handed plain values only, loads
the strategy file and its candles itself, and leaves nothing behind but its answer.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tradekit.drivers.replay import Replayed, ReplayPlan, replay
from tradekit.drivers.tape import Tape
from tradekit.errors import StoppedError, TradekitError
from tradekit.kernels.holes import fill_holes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from tradekit.api.declare import Exchange
    from tradekit.bootstrap.choices import Chosen
    from tradekit.domain.costs import CostModel
    from tradekit.domain.plan import Limits
    from tradekit.domain.time import Frame
    from tradekit.drivers.replay import SymbolProgress
    from tradekit.errors import StrategyError

_LOOK_S: Final = 0.1
_TELL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Stretch:
    """What of a symbol a worker loads, and where on it the first decision is; times in ms UTC.

    Holes are filled as far as `fill_until_ms`; None leaves them.
    """

    symbol: str
    symbol_index: int
    origin_ms: int
    first_ms: int
    fill_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """All that a worker needs to know; it can be pickled without the user's file."""

    file: str
    root: str
    strategies: tuple[Chosen, ...]
    assignments: tuple[str, ...]
    exchange: Exchange
    state_dir: str
    seed: int
    listed: tuple[str, ...]
    frame: Frame
    costs: CostModel
    limits: Limits
    capital: float
    target_first: bool
    sleeping: bool
    stretches: tuple[Stretch, ...]


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    symbols: str
    progress: list[SymbolProgress] = field(default_factory=list)
    answer: Replayed | None = None


async def replay_apart(
    errands: Sequence[Errand],
    *,
    on_progress: Callable[[Sequence[SymbolProgress]], None],
    should_stop: Callable[[], bool],
) -> Replayed:
    """Run each errand in a process of its own and return what all of them came to.

    Raises:
        StoppedError: `should_stop` said so; the workers are gone.
        TradekitError: a worker failed or died.
    """
    spawn = get_context("spawn")
    workers: dict[Connection, _Worker] = {}
    try:
        for errand in errands:
            ours, theirs = spawn.Pipe(duplex=False)
            process = spawn.Process(target=_work, args=(theirs, errand), daemon=True)
            names = ", ".join(each.symbol for each in errand.stretches)
            workers[ours] = _Worker(process, names)
            process.start()
            theirs.close()
        while waiting := [each for each in workers if workers[each].answer is None]:
            heard = await asyncio.to_thread(connection.wait, waiting, _LOOK_S)
            if should_stop():
                raise StoppedError
            for pipe in waiting:
                if pipe in heard:
                    _hear(pipe, workers[pipe])
            on_progress([each for worker in workers.values() for each in worker.progress])
    finally:
        for pipe, worker in workers.items():
            if worker.process.pid is not None:
                worker.process.terminate()
                worker.process.join()
            pipe.close()
    answers = [worker.answer for worker in workers.values() if worker.answer is not None]
    place = {each.symbol: each.symbol_index for x in errands for each in x.stretches}
    return _merged(answers, place)


def _hear(pipe: Connection, worker: _Worker) -> None:
    """Take one message of a worker: progress, its answer, or why there is none."""
    try:
        message = pipe.recv()
    except EOFError:
        worker.process.join()
        raise TradekitError(
            f"the worker of {worker.symbols} ended with code {worker.process.exitcode} before its "
            "work was done",
            fix="if memory ran out, use fewer --workers",
        ) from None
    if isinstance(message, Replayed):
        worker.answer = message
    elif isinstance(message, TradekitError):
        raise message
    else:
        worker.progress = message


def _merged(answers: Sequence[Replayed], place: Mapping[str, int]) -> Replayed:
    """Put answers together as one schedule would have left them; `place` is the run's order."""
    whole = Replayed()
    failures: dict[str, StrategyError] = {}
    for answer in answers:
        whole.rows += answer.rows
        whole.logs += answer.logs
        failures |= answer.failures
        whole.used_account |= answer.used_account
        whole.ambiguous_candles += answer.ambiguous_candles
        for name, calls in answer.hook_calls.items():
            whole.hook_calls[name] = whole.hook_calls.get(name, 0) + calls

    def moment(line: str) -> tuple[int, int]:
        ts_ms, symbol, _ = line.split(" ", 2)
        return int(ts_ms), place[symbol]

    whole.rows.sort()
    whole.logs.sort(key=moment)

    def rank(name: str) -> int:
        # A strategy's name has no space in it, and comes first where there are several.
        return place[name.rsplit(" ", 1)[-1]]

    whole.failures = {name: failures[name] for name in sorted(failures, key=rank)}
    return whole


def _work(pipe: Connection, errand: Errand) -> None:
    """Be a worker: run the errand and send what came of it."""
    # A Ctrl-C reaches every process of the terminal; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a strategy prints must not get between the lines of a document on standard output.
    os.dup2(2, 1)
    told_s = 0.0

    def tell(progress: Sequence[SymbolProgress]) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= _TELL_S:
            told_s = time.monotonic()
            pipe.send(list(progress))

    try:
        pipe.send(asyncio.run(_replay_errand(errand, tell)))
    except TradekitError as error:
        pipe.send(error)
    except BrokenPipeError:
        pass  # nobody is there to hear it any more
    except BaseException as error:  # noqa: BLE001  # a mistake of ours: the parent tells it
        pipe.send(TradekitError(f"a worker failed: {type(error).__name__}: {error}"))
    finally:
        pipe.close()


async def _replay_errand(
    errand: Errand, on_progress: Callable[[Sequence[SymbolProgress]], None]
) -> Replayed:
    from tradekit.bootstrap.choices import configure
    from tradekit.bootstrap.wiring import make_source
    from tradekit.registry.loader import load_strategy_file

    file = Path(errand.file)
    loaded = load_strategy_file(file, root=Path(errand.root))
    source = make_source(
        errand.exchange,
        state_dir=Path(errand.state_dir),
        seed=errand.seed,
        symbols=errand.listed,
        base_dir=file.parent,
    )
    tapes = []
    for part in errand.stretches:
        candles = await source.load(
            part.symbol, errand.frame.base, part.origin_ms, errand.frame.until_ms
        )
        if part.fill_until_ms is not None:
            candles = fill_holes(candles, part.fill_until_ms)
        first = int(np.searchsorted(candles.ts_ms, part.first_ms))
        instrument = source.instrument(part.symbol)
        tapes.append(Tape(part.symbol, part.symbol_index, candles, first, instrument))
    plan = ReplayPlan(
        strategies=configure(loaded, errand.strategies, errand.assignments),
        frame=errand.frame,
        tapes=tuple(tapes),
        costs=errand.costs,
        limits=errand.limits,
        capital=errand.capital,
        shared_account=False,
        target_first=errand.target_first,
        sleeping=errand.sleeping,
    )
    return await replay(plan, on_progress=on_progress)
