// Puts the parts together: one trade is chosen, and every part shows it.

function details(trade, linkOf) {
  const place = byId("details");
  if (!trade) {
    place.replaceChildren(make("p", { class: "quiet" }, "Choose a trade on the chart or in the table: its prices, levels and fills are shown here."));
    return;
  }
  const figures = [
    ["Direction", trade.direction], ["Reason", plainText(trade.reason)],
    ["PnL", exactText(trade.pnl), trade.pnl], ["PnL %", exactText(trade.pnl_pct), trade.pnl],
    ["Entry", timeText(trade.entry_ts_ms)], ...entryPrices(trade),
    ["Exit", timeText(trade.exit_ts_ms)], [trade.exit_count > 1 ? "Last exit price" : "Exit price", exactText(trade.exit_price)],
    ["Held", lengthText(trade.length_ms)], ...levelFigures(trade, "stop", "Stop"), ...levelFigures(trade, "target", "Target"),
    ["Cost", exactText(trade.cost)], ["Quantity", exactText(trade.quantity)], ["Fees", exactText(trade.fees)],
    ["Best %", exactText(trade.peak_pct)], ["Worst %", exactText(trade.drawdown_pct)],
    ["Ambiguous", trade.ambiguous ? "yes" : "no"], ...(trade.note ? [["Note", trade.note]] : []),
  ];
  const list = make("dl", { class: "figures" }, ...figures.map(([name, text, sign]) => (
    make("div", {}, make("dt", {}, name), make("dd", { class: sign === undefined ? null : signOf(sign) }, text))
  )));
  const link = make("a", { href: linkOf(trade) }, trade.signal_id);
  place.replaceChildren(
    make("h3", {}, link), make("p", { class: "quiet" }, `${trade.symbol}, ${trade.strategy}`), list,
    ...fillsTable("Entries", trade.entries), ...fillsTable("Exits", trade.exits),
  );
}

function entryPrices(trade) {
  const { average } = trade.levels;
  if (trade.entry_count < 2) return [["Entry price", exactText(trade.entry_price)]];
  return [["First entry price", exactText(trade.entry_price)], ["Average price", exactText(average[average.length - 1][1])]];
}

// A level that moved: where it stood first and last, and how often an order moved it. Targets that
// filled one after the other are told in that order.
function levelFigures(trade, name, title) {
  const steps = trade.levels[name];
  const count = trade.moves[name];
  if (!count && steps.length > 1) return [[`${title}s`, steps.filter((step) => step[1] !== null).map((step) => exactText(step[1])).join(", ")]];
  if (!count) return [[title, exactText(trade[name])]];
  return [[`${title} at entry`, exactText(trade[name])], [`${title} at exit`, exactText(steps[steps.length - 1][1])], [`${title} moved`, count === 1 ? "once" : `${grouped(count, 0)} times`]];
}

function fillsTable(title, fills) {
  if (fills.length < 2) return [];
  const rows = fills.map(([ms, price, quantity]) => make("tr", {}, make("th", { scope: "row" }, timeText(ms)), make("td", {}, exactText(price)), make("td", {}, exactText(quantity))));
  const head = make("tr", {}, make("th", { scope: "col" }, title), make("th", { scope: "col" }, "Price"), make("th", { scope: "col" }, "Quantity"));
  return [make("div", { class: "scrolls" }, make("table", { class: "numbers" }, make("thead", {}, head), make("tbody", {}, ...rows)))];
}

// Every digit of the figures that are shown rounded, or not.
function digitsButton() {
  const button = byId("all-digits");
  const figures = [...document.querySelectorAll("#figures data[title]")];
  const short = figures.map((each) => each.textContent);
  button.hidden = !figures.length;
  button.addEventListener("click", () => {
    const all = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(all));
    figures.forEach((each, i) => { each.textContent = all && !each.title.endsWith(" ms") ? each.value : short[i]; });
  });
}

// SVG has no titles that a pointer finds at once; one box serves them all.
function plotHints() {
  for (const mark of document.querySelectorAll("[data-told]")) {
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = mark.dataset.told;
    mark.append(title);
  }
}

function linksOf(trades) {
  const counts = new Map();
  for (const { signal_id: id } of trades) counts.set(id, (counts.get(id) ?? 0) + 1);
  const linkOf = (trade) => {
    const id = `#trade=${encodeURIComponent(trade.signal_id)}`;
    return counts.get(trade.signal_id) > 1 ? `${id}&number=${trade.number}` : id;
  };
  const linked = () => {
    const asked = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
    const id = asked.get("trade");
    const number = Number(asked.get("number"));
    return trades.find((trade) => trade.signal_id === id && (!number || trade.number === number)) ?? null;
  };
  return { linkOf, linked };
}

function wireChart(chart, onChosen) {
  const step = (by) => {
    const trade = chart.neighbour(by);
    if (trade) onChosen(trade, true);
  };
  const actions = {
    "previous-trade": () => step(-1), "next-trade": () => step(1),
    "zoom-in": () => chart.zoom(0.6), "zoom-out": () => chart.zoom(1 / 0.6), "zoom-all": () => chart.whole(),
  };
  for (const [id, act] of Object.entries(actions)) byId(id).addEventListener("click", act);
  const keys = {
    ArrowLeft: () => chart.pan(-0.15), ArrowRight: () => chart.pan(0.15), "+": actions["zoom-in"],
    "=": actions["zoom-in"], "-": actions["zoom-out"], 0: actions["zoom-all"],
    n: actions["next-trade"], p: actions["previous-trade"],
  };
  byId("candle-chart").addEventListener("keydown", (event) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}

async function start() {
  const data = await unpacked("run-data");
  const trades = tradesOf(data.trades);
  const { linkOf, linked } = linksOf(trades);
  const traded = data.symbols.filter((symbol) => trades.some((trade) => trade.symbol === symbol));
  const choice = byId("symbol");
  choice.replaceChildren(...data.symbols.map((symbol) => make("option", { value: symbol }, symbol)));

  const chart = candleChart(byId("candle-chart"), data, trades, (trade) => choose(trade, false));
  const table = tradeTable(trades, linkOf, (trade) => {
    choose(trade, true);
    byId("candles").scrollIntoView({ behavior: isStill.matches ? "auto" : "smooth" });
  });

  async function choose(trade, move, link = true) {
    choice.value = trade.symbol;
    if (link) history.replaceState(null, "", linkOf(trade));
    details(trade, linkOf);
    table.choose(trade);
    await chart.choose(trade, move);
  }

  async function follow() {
    const trade = linked();
    if (!trade) return false;
    await choose(trade, true, false);
    byId("candles").scrollIntoView();
    return true;
  }

  choice.addEventListener("change", () => chart.choose(null).then(() => chart.show(choice.value)).then(() => details(null)));
  window.addEventListener("hashchange", follow);
  wireChart(chart, choose);
  digitsButton();
  plotHints();
  details(null);
  const first = traded[0] ?? data.symbols[0];
  if (!(await follow()) && first !== undefined) {
    choice.value = first;
    await chart.show(first);
  }
  equityChart(byId("equity-chart"), data.equity);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    performance.mark("charts-drawn");
    document.documentElement.dataset.ready = "true";
  }));
}

// The page is read before anything is unpacked.
requestAnimationFrame(() => setTimeout(start));
