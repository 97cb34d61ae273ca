// The chart of one symbol: candles, its trades over them, moving about.

function candleChart(place, { symbols, since_ms: sinceMs, until_ms: untilMs }, trades, onChosen) {
  const library = window.LightweightCharts;
  let colours = theme();
  const chart = library.createChart(place, chartOptions(colours));
  const drawing = tradeDrawing();
  const kept = new Map();
  let series = null;
  let shown = null;
  let chosen = null;
  wheelWithFocus(place, chart);

  const candleColours = () => ({
    upColor: colours.ground, downColor: colours.quiet, borderUpColor: colours.quiet,
    borderDownColor: colours.quiet, wickUpColor: colours.quiet, wickDownColor: colours.quiet,
    color: colours.quiet,
  });

  async function load(symbol) {
    if (!kept.has(symbol)) {
      const own = trades.filter((trade) => trade.symbol === symbol);
      const packed = await unpacked(`candles-${symbols.indexOf(symbol)}`);
      const made = packed ? candlesOf(packed) : pricesTraded(own);
      const at = (ms) => indexAt(made.candles, ms);
      for (const trade of own) {
        trade.from = at(trade.entry_at_ms);
        trade.to = at(trade.exit_at_ms);
        for (const fill of [...trade.entries, ...trade.exits]) fill.at = at(fill[4]);
        for (const steps of Object.values(trade.levels)) for (const step of steps) step.at = at(step[0]);
      }
      kept.set(symbol, { ...made, own, isBare: !packed });
    }
    return kept.get(symbol);
  }

  async function show(symbol) {
    if (shown?.symbol === symbol) return;
    const data = await load(symbol);
    if (series) chart.removeSeries(series);
    const format = { type: "price", precision: data.digits, minMove: 10 ** -data.digits };
    const kind = data.isBare ? library.LineSeries : library.CandlestickSeries;
    series = chart.addSeries(kind, { ...candleColours(), lineWidth: 1, priceFormat: format, priceLineVisible: false, lastValueVisible: false });
    series.setData(data.candles);
    series.attachPrimitive(drawing);
    shown = { symbol, ...data };
    drawing.set({ trades: data.own, chosen: null, colours });
    chart.priceScale("right").applyOptions({ autoScale: true });
    whole();
    place.dataset.symbol = symbol;
    place.dataset.candles = data.isBare ? 0 : data.candles.length;
  }

  function whole() {
    chart.timeScale().fitContent();
  }

  // The trade in the middle, three times as much around it as it is long, at least forty candles.
  function moveTo(trade) {
    const room = Math.max(20, (trade.to - trade.from) * 1.2);
    const from = Math.max(-2, trade.from - room);
    const to = Math.min(shown.candles.length + 1, trade.to + room);
    chart.timeScale().setVisibleLogicalRange({ from, to });
    chart.priceScale("right").applyOptions({ autoScale: true });
  }

  async function choose(trade, move) {
    chosen = trade;
    if (trade) {
      await show(trade.symbol);
      if (move) moveTo(trade);
      place.dataset.trade = trade.signal_id;
    } else delete place.dataset.trade;
    drawing.set({ chosen: trade });
  }

  function zoom(factor) {
    const range = chart.timeScale().getVisibleLogicalRange();
    if (!range) return;
    const middle = (range.from + range.to) / 2;
    const half = Math.max(4, ((range.to - range.from) / 2) * factor);
    chart.timeScale().setVisibleLogicalRange({ from: middle - half, to: middle + half });
  }

  function pan(share) {
    const range = chart.timeScale().getVisibleLogicalRange();
    if (!range) return;
    const by = (range.to - range.from) * share;
    chart.timeScale().setVisibleLogicalRange({ from: range.from + by, to: range.to + by });
  }

  // The next trade of the symbol in time, or the one before.
  function neighbour(step) {
    const own = shown?.own ?? [];
    if (!own.length) return null;
    const sorted = own.toSorted((a, b) => a.entry_ts_ms - b.entry_ts_ms || a.index - b.index);
    const at = sorted.indexOf(chosen);
    if (at < 0) return step > 0 ? sorted[0] : sorted[sorted.length - 1];
    return sorted[at + step] ?? null;
  }

  const box = byId("hover");
  chart.subscribeCrosshairMove(({ point, time }) => {
    const trade = point ? drawing.nearest(point.x, point.y) : null;
    place.style.cursor = trade ? "pointer" : "";
    if (!trade) {
      box.hidden = true;
      delete box.dataset.trade;
      return;
    }
    if (box.dataset.trade !== trade.signal_id) box.replaceChildren(...hoverLines(trade));
    box.dataset.trade = trade.signal_id;
    box.hidden = false;
    const left = point.x + 16 + box.offsetWidth > place.clientWidth ? point.x - box.offsetWidth - 12 : point.x + 16;
    box.style.left = `${Math.max(0, left)}px`;
    box.style.top = `${Math.max(0, Math.min(point.y + 12, place.clientHeight - box.offsetHeight))}px`;
  });
  chart.subscribeClick(({ point }) => {
    const trade = point ? drawing.nearest(point.x, point.y) : null;
    if (trade) onChosen(trade);
  });
  chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
    const { candles } = shown ?? {};
    if (!range || !candles?.length) return;
    const at = (index) => candles[Math.min(candles.length - 1, Math.max(0, Math.round(index)))].time * 1000;
    place.dataset.since = at(range.from);
    place.dataset.until = at(range.to);
  });
  isDark.addEventListener("change", () => {
    colours = theme();
    chart.applyOptions(chartOptions(colours));
    series?.applyOptions(candleColours());
    drawing.set({ colours });
  });

  return { show, choose, whole, zoom, pan, neighbour, sinceMs, untilMs };
}

const othersText = (count) => (count > 1 ? `, one of ${count}` : "");

function hoverLines(trade) {
  const pnl = make("span", { class: signOf(trade.pnl) }, `${moneyText(trade.pnl)} (${trade.pnl_pct.toFixed(2)} %)`);
  return [
    make("strong", {}, trade.signal_id),
    make("div", {}, `${trade.direction}, ${plainText(trade.reason)}, `, pnl),
    make("div", {}, `in ${timeText(trade.entry_ts_ms)} at ${trade.entry_price}${othersText(trade.entry_count)}`),
    make("div", {}, `out ${timeText(trade.exit_ts_ms)} at ${trade.exit_price}${othersText(trade.exit_count)}, ${lengthText(trade.length_ms)}`),
  ];
}
