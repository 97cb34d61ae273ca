"""Runs, their pages made by the installed command line, and Chromium to open them in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PROGRAM = Path(sys.executable).parent / "tradekit"
EVIL = '</script><b>\\"x'
STRATEGIES = f"""
from tradekit import Exchange, Frame, Signal, strategy

market = Exchange.synthetic(5)
days = Frame("days", "2026-04-01", "2026-04-09")
weeks = Frame("weeks", "2026-04-01", "2026-04-28")


@strategy("both-ways", hold="2h", cost=400)
def both_ways(ctx):
    hour = ctx.now // 3_600_000
    make = Signal.long if hour % 2 else Signal.short
    return make(stop_loss_pct=0.6, take_profit_pct=0.7, note="{EVIL} of hour " + str(hour))


@strategy("idle")
def idle(ctx):
    return None


@strategy("busy", hold="34m")
def busy(ctx):
    return Signal.long(stop_loss_pct=0.6, take_profit_pct=0.8)


@strategy("managed", hold="12h")
def managed(ctx):
    return Signal.long(stop_loss_pct=3, take_profit_pct=[(1.2, 40), (1.6, 60)])


@managed.while_open
def manage(ctx, position):
    if len(position.entries) < 4 and not position.near_entry(above_pct=5, below_pct=0.3):
        position.average_buy(50)
    if not position.exits and position.pnl_pct >= 0.3:
        position.close_part(pct=30, note="a part")
    if position.exits:
        position.trail_stop(pct=0.6)
"""


class Made:
    """A run folder and the page of it."""

    def __init__(self, folder, *arguments):
        """Run the strategy and write its page in `folder`."""
        (folder / "mine.py").write_text(STRATEGIES)
        tradekit(folder, "backtest", "mine.py", *arguments)
        self.file = folder / "page.html"
        tradekit(folder, "run", "report", "last", "--html", str(self.file))
        (self.place,) = (folder / "runs").iterdir()


def tradekit(folder, *arguments):
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    command = [PROGRAM, *arguments]
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, timeout=100)


@pytest.fixture
def chromium():
    """Return a browser; without one a test is skipped, but where CI=true it fails.

    One for each test: as long as it is there its event loop runs, and others need their own.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        reason = f"no browser was found, none of {', '.join(NAMES)} is on PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Return a run of two symbols and some hundred trades in eight days, with refused entries."""
    options = ("--strategy", "both-ways", "--frame", "days", "--capital", "860")
    return Made(tmp_path_factory.mktemp("made"), *options, "--symbols", "BTCUSDT,SOLUSDT")


@pytest.fixture(scope="session")
def managed(tmp_path_factory):
    """Return a run whose trades are added to, left in parts, and trailed."""
    options = ("--strategy", "managed", "--frame", "days", "--symbols", "BTCUSDT,SOLUSDT")
    return Made(tmp_path_factory.mktemp("managed"), *options)


@pytest.fixture(scope="session")
def idle(tmp_path_factory):
    """Return a run without a trade."""
    options = ("--strategy", "idle", "--frame", "days", "--symbols", "BTCUSDT")
    return Made(tmp_path_factory.mktemp("idle"), *options)


@pytest.fixture(scope="session")
def busy(tmp_path_factory):
    """Return a run of nine symbols, four weeks of minutes and 10,000 trades."""
    return Made(tmp_path_factory.mktemp("busy"), "--strategy", "busy", "--frame", "weeks")


@pytest.fixture
def opened(chromium):
    """Return what opens a page file and sees to it that nothing but the file is asked for."""
    contexts = []
    wrong = []
    asked = []

    def open_page(file, *, width=1400, scheme="light", fragment=""):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        page.goto(file.as_uri() + fragment)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
    assert all(url.startswith("file://") and url.endswith("/page.html") for url in asked)
    assert len(asked) == len(contexts)
