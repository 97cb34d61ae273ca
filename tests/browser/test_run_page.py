"""The page of a run in a real browser: it opens from disk, alone, and its parts work together."""

import json
import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def report_of(made):
    return json.loads((made.place / "report.json").read_text())


def trades_of(made):
    return [json.loads(line) for line in (made.place / "trades.jsonl").read_text().splitlines()]


def written(value):
    return value if isinstance(value, str) else json.dumps(value)


def rows(page):
    return page.locator("#trade-table tbody tr")


def column(page, name):
    """Return what the cells of a column show on this page of the table."""
    heads = page.locator("#trade-table thead th").evaluate_all(
        "cells => cells.map((cell) => cell.dataset.column)"
    )
    place = heads.index(name) + 1
    return page.locator(f"#trade-table tbody tr > :nth-child({place})").all_inner_texts()


@pytest.mark.parametrize("kept", ["made", "managed"])
def test_result_equals_the_report(opened, request, kept):
    made = request.getfixturevalue(kept)
    report = report_of(made)
    page = opened(made.file)

    assert page.locator("#pnl data").text_content() == report["total"]["pnl"]
    assert page.locator("#pnl-pct data").text_content() == written(report["total"]["pnl_pct"])
    for name, value in report["total"].items():
        if isinstance(value, dict | list):
            continue
        shown = page.locator(f'#figures dd[data-metric="{name}"]')
        if value is None:
            reason = report["total"]["undefined"][name].replace("_", " ")
            assert shown.text_content() == reason
        else:
            assert shown.locator("data").text_content() == written(value)


def test_figures_by_symbol_equal_the_report_with_all_digits(opened, made):
    report = report_of(made)
    page = opened(made.file)

    page.get_by_role("button", name="All digits").click()

    texts = set(page.locator('table:has(caption:text("By symbol")) data').all_text_contents())
    for section in report["symbols"].values():
        assert section["pnl"] in texts
        assert written(section["max_drawdown_pct"]) in texts
        assert section["fees"] in texts


def test_doubts_stand_beside_the_result(opened, made):
    report = report_of(made)
    page = opened(made.file)
    result, doubts = (
        page.locator(f"section[aria-labelledby={name}-title]") for name in ("result", "doubts")
    )

    left, right = result.bounding_box(), doubts.bounding_box()

    assert left["y"] == right["y"]
    assert left["width"] == right["width"]
    refused = sum(report["total"]["rejected"].values())
    assert refused > 0
    assert (
        f"{refused:,}"
        in doubts.get_by_role("heading", level=3).filter(has_text="refused").inner_text()
    )


def test_trade_found_in_the_table_is_shown_on_the_chart_and_in_the_details(opened, made):
    page = opened(made.file)
    row = rows(page).nth(30)
    signal_id = row.get_attribute("data-trade")
    (trade,) = [each for each in trades_of(made) if each["signal_id"] == signal_id]
    chart, details = page.locator("#candle-chart"), page.locator("#details")
    before = chart.screenshot()

    row.click()

    details.get_by_text(signal_id).wait_for()
    told = details.inner_text()
    assert trade["entry_price"].removesuffix(".0") in told
    assert trade["pnl"] in told
    assert "of hour" in told
    page.wait_for_function(
        "id => document.querySelector('#candle-chart').dataset.trade === id", arg=signal_id
    )
    assert chart.get_attribute("data-symbol") == trade["symbol"]
    assert page.locator("#symbol").input_value() == trade["symbol"]
    assert int(chart.get_attribute("data-since")) <= trade["entry_ts_ms"]
    assert int(chart.get_attribute("data-until")) >= trade["exit_ts_ms"] - 60_000
    assert chart.screenshot() != before
    assert (
        page.locator('#trade-table tr[aria-current="true"]').get_attribute("data-trade")
        == signal_id
    )
    assert page.evaluate("location.hash") == f"#trade={signal_id}"


def events_of(made, signal_id, kind):
    lines = (made.place / "events.jsonl").read_text().splitlines()
    events = (json.loads(line) for line in lines)
    return [each for each in events if (each["signal_id"], each["kind"]) == (signal_id, kind)]


def busiest(made):
    """Return the trade with the most fills of those that have several of both kinds."""
    trades = [each for each in trades_of(made) if min(map(len, fills_of(each))) > 1]
    return max(trades, key=lambda trade: sum(map(len, fills_of(trade))))


def fills_of(trade):
    return trade["entries"], trade["exits"]


def shown_number(text):
    return text.removesuffix(".0")


@pytest.mark.parametrize("width", [400, 1400])
def test_managed_trade_shows_every_fill_and_where_its_stop_went(opened, managed, width):
    trade = busiest(managed)
    moved = events_of(managed, trade["signal_id"], "trailed")
    averaged = events_of(managed, trade["signal_id"], "averaged")
    assert moved
    page = opened(managed.file, width=width, fragment=f"#trade={trade['signal_id']}")
    details = page.locator("#details")
    details.locator("h3").wait_for()

    figures = {
        div.locator("dt").inner_text(): div.locator("dd").inner_text()
        for div in details.locator("dl div").all()
    }
    assert figures["First entry price"] == shown_number(trade["entry_price"])
    assert figures["Average price"] == shown_number(averaged[-1]["average_entry_price"])
    assert figures["Last exit price"] == shown_number(trade["exit_price"])
    assert figures["Stop at exit"] == shown_number(moved[-1]["new_price"])
    assert figures["Stop moved"] == ("once" if len(moved) == 1 else f"{len(moved):,} times")
    for number, fills in enumerate(fills_of(trade)):
        lines = details.locator("table").nth(number).locator("tbody tr").all()
        cells = [line.locator("td").all_text_contents() for line in lines]
        assert cells == [
            [shown_number(fill["price"]), shown_number(fill["quantity"])] for fill in fills
        ]
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_table_counts_entries_and_exits_where_a_trade_has_several(opened, managed, made):
    page = opened(managed.file)
    expected = [tuple(map(len, fills_of(trade))) for trade in trades_of(managed)][:50]

    counted = [column(page, name) for name in ("entry_count", "exit_count")]

    shown = list(zip(*(map(int, cells) for cells in counted), strict=True))
    assert shown == expected
    plain = opened(made.file)
    assert plain.locator('th[data-column="entry_count"]').count() == 0


def test_trade_found_on_the_chart_is_shown_in_the_table_and_in_the_details(opened, made):
    page = opened(made.file)
    page.locator("#candle-chart").scroll_into_view_if_needed()
    box = page.locator("#candle-chart").bounding_box()
    hover = page.locator("#hover")
    found = None
    for step in range(3, 60):
        x, y = (
            box["x"] + box["width"] * step / 64,
            box["y"] + box["height"] * (0.2 + step % 7 * 0.1),
        )
        page.mouse.move(x, y)
        page.wait_for_timeout(20)
        if hover.is_visible():
            found = hover.get_attribute("data-trade")
            assert found in hover.inner_text()
            page.mouse.click(x, y)
            break

    assert found is not None
    page.locator("#details").get_by_text(found).wait_for()
    assert page.locator('#trade-table tr[aria-current="true"]').get_attribute("data-trade") == found


def test_keys_move_zoom_and_step_through_the_trades(opened, made):
    page = opened(made.file)
    chart = page.locator("#candle-chart")
    chart.focus()

    def span():
        page.wait_for_timeout(60)
        return int(chart.get_attribute("data-since")), int(chart.get_attribute("data-until"))

    whole = span()
    page.keyboard.press("n")
    page.locator("#details h3").wait_for()
    first = page.locator("#details h3").inner_text()
    near = span()
    page.keyboard.press("ArrowRight")
    moved = span()
    page.keyboard.press("-")
    wide = span()
    page.keyboard.press("n")
    page.wait_for_function(
        "id => document.querySelector('#details h3').innerText !== id", arg=first
    )
    page.keyboard.press("p")
    page.wait_for_function(
        "id => document.querySelector('#details h3').innerText === id", arg=first
    )
    page.keyboard.press("0")

    assert near[1] - near[0] < whole[1] - whole[0]
    assert moved[0] > near[0]
    assert wide[1] - wide[0] > moved[1] - moved[0]
    assert span() == whole


def test_table_sorts_by_any_column(opened, made):
    page = opened(made.file)
    numbers = sorted(float(trade["pnl"]) for trade in trades_of(made))

    page.get_by_role("button", name="PnL", exact=True).click()

    assert page.locator('th[data-column="pnl"]').get_attribute("aria-sort") == "descending"
    assert column(page, "pnl")[0] == f"{numbers[-1]:,.2f}"
    page.get_by_role("button", name="PnL", exact=True).click()
    assert column(page, "pnl")[0] == f"{numbers[0]:,.2f}"
    page.get_by_role("button", name="Symbol", exact=True).click()
    assert set(column(page, "symbol")) == {"BTCUSDT"}


def test_table_is_filtered_by_what_trades_are_and_say(opened, made):
    page = opened(made.file)
    trades = trades_of(made)
    count = page.locator("#trade-count")
    form = page.locator("#filters")

    form.get_by_label("Symbol").select_option("SOLUSDT")
    form.get_by_label("Direction").select_option("short")
    form.get_by_label("Outcome").select_option("lost")
    lost = [
        each
        for each in trades
        if each["symbol"] == "SOLUSDT" and each["direction"] == "short" and float(each["pnl"]) < 0
    ]
    assert count.inner_text() == f"{len(lost)} of {len(trades)} trades"
    assert set(column(page, "direction")) == {"short"}

    form.get_by_label("Text").fill(lost[0]["signal_id"].upper())
    assert lost[0]["signal_id"] in rows(page).first.get_attribute("data-trade")
    form.get_by_label("Text").fill("no such trade")
    assert rows(page).all_inner_texts() == ["No trade matches."]


def test_long_table_has_pages(opened, made):
    page = opened(made.file)
    count = len(trades_of(made))

    assert rows(page).count() == 50
    page.get_by_role("button", name="Last page").click()

    assert rows(page).count() == (count - 1) % 50 + 1
    assert column(page, "number")[-1] == str(count)


def test_link_leads_to_its_trade(opened, made):
    trade = trades_of(made)[70]
    page = opened(made.file, fragment=f"#trade={trade['signal_id']}")

    assert page.locator("#details h3").inner_text() == trade["signal_id"]
    assert page.locator("#candle-chart").get_attribute("data-trade") == trade["signal_id"]
    current = page.locator('#trade-table tr[aria-current="true"]')
    assert current.get_attribute("data-trade") == trade["signal_id"]

    other = trades_of(made)[3]["signal_id"]
    page.evaluate("id => { location.hash = `#trade=${id}`; }", other)
    page.locator("#details").get_by_text(other).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_page_fits_its_window_in_both_schemes(opened, made, width, scheme):
    page = opened(made.file, width=width, scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", ground))) / 3

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert (light > 200) == (scheme == "light")
    assert (light < 50) == (scheme == "dark")
    rows(page).first.click()
    page.locator("#details h3").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_colours_follow_the_scheme_while_the_page_is_open(opened, made):
    page = opened(made.file)
    chart = page.locator("#candle-chart")
    light = chart.screenshot()

    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)

    assert chart.screenshot() != light


def test_every_control_has_a_name(opened, made):
    page = opened(made.file)

    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, a, [tabindex='0']")]
          .filter((each) => !each.hidden && !each.closest("[aria-hidden]"))
          .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim()
            || each.closest("label")))
          .map((each) => each.outerHTML.slice(0, 100))"""
    )

    assert [each for each in nameless if "tradingview" not in each] == []


def test_run_without_trades_opens(opened, idle):
    page = opened(idle.file)

    assert rows(page).all_inner_texts() == ["No trade was closed."]
    assert int(page.locator("#candle-chart").get_attribute("data-candles")) == 8 * 1440
    assert page.locator("#pnl data").text_content() == report_of(idle)["total"]["pnl"]


def test_page_without_candles_still_draws_the_trades(opened, made, tmp_path):
    text = made.file.read_text()
    bare = tmp_path / "page.html"
    bare.write_text(
        re.sub(r'<script type="application/octet-stream" id="candles-\d+">.*?</script>', "", text)
    )
    page = opened(bare)

    rows(page).nth(5).click()

    page.locator("#details h3").wait_for()
    assert page.locator("#candle-chart").get_attribute("data-candles") == "0"


def test_ten_thousand_trades_stay_small_and_open(opened, busy):
    size = busy.file.stat().st_size
    page = opened(busy.file)
    times = page.evaluate(
        """() => Object.fromEntries(["first-contentful-paint", "charts-drawn"]
          .map((name) => [name, Math.round(performance.getEntriesByName(name)[0].startTime)]))"""
    )
    print(f"\n{size:,} bytes, {times} ms")

    count = len(trades_of(busy))
    assert count > 10_000
    assert size < 5_000_000
    assert page.locator("#trade-count").inner_text() == f"{count:,} of {count:,} trades"
    assert int(page.locator("#candle-chart").get_attribute("data-candles")) == 27 * 1440
    page.get_by_role("button", name="PnL", exact=True).click()
    assert rows(page).count() == 50
