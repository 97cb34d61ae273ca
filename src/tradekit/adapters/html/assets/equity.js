// The account's curve: equity above, drawdown below.

function equityChart(place, { capital, ts_ms: times, equity, drawdown_pct: falls }) {
  const library = window.LightweightCharts;
  let colours = theme();
  const chart = library.createChart(place, chartOptions(colours));
  const above = chart.addSeries(library.BaselineSeries, { baseValue: { type: "price", price: capital }, lineWidth: 2, priceLineVisible: false, priceFormat: { type: "price", precision: 2, minMove: 0.01 }, title: "equity" }, 0);
  const below = chart.addSeries(library.AreaSeries, { lineWidth: 1, priceLineVisible: false, priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => `${value.toFixed(2)} %` }, invertFilledArea: true, title: "drawdown" }, 1);
  const points = new Map();
  times.forEach((ms, i) => points.set(ms / 1000, [equity[i], falls[i]]));
  const sorted = [...points].sort((a, b) => a[0] - b[0]);
  above.setData(sorted.map(([time, [value]]) => ({ time, value })));
  below.setData(sorted.map(([time, [, value]]) => ({ time, value })));
  above.createPriceLine({ price: capital, color: colours.quiet, lineWidth: 1, lineStyle: 2, axisLabelVisible: false, title: "capital" });
  const [upper, lower] = chart.panes();
  chart.priceScale("right", 1).applyOptions({ scaleMargins: { top: 0.03, bottom: 0.1 } });
  upper.setStretchFactor(0.7);
  lower.setStretchFactor(0.3);
  const paint = () => {
    colours = theme();
    chart.applyOptions(chartOptions(colours));
    above.applyOptions({
      topLineColor: colours.gain, bottomLineColor: colours.loss,
      topFillColor1: colours.gainFill(0.22), topFillColor2: colours.gainFill(0.02),
      bottomFillColor1: colours.lossFill(0.02), bottomFillColor2: colours.lossFill(0.22),
    });
    below.applyOptions({ lineColor: colours.loss, topColor: colours.lossFill(0.25), bottomColor: colours.lossFill(0.05) });
  };
  paint();
  isDark.addEventListener("change", paint);
  chart.timeScale().fitContent();
  const low = Math.min(...falls);
  place.setAttribute("aria-label", `Equity from ${moneyText(equity[0])} to ${moneyText(equity[equity.length - 1])}; deepest drawdown of the points drawn ${low.toFixed(2)} %`);
}
