// The table of trades: sorted, filtered, fifty rows at a time.

const ROWS = 50;

// Without the noise of binary fractions; the exact price is the cell's title.
const priceText = (value) => String(Number(value.toPrecision(9)));
const pctText = (value) => `${value.toFixed(2)} %`;

// name, heading, how a cell reads; words stand left, figures right.
const COLUMNS = [
  ["number", "#", String],
  ["symbol", "Symbol", String, "word"],
  ["strategy", "Strategy", String, "word"],
  ["direction", "Direction", String, "word"],
  ["pnl", "PnL", moneyText, "signed"],
  ["pnl_pct", "PnL %", pctText, "signed"],
  ["entry_ts_ms", "Entry", timeText],
  ["entry_price", "Entry price", priceText],
  ["exit_ts_ms", "Exit", timeText],
  ["exit_price", "Exit price", priceText],
  ["reason", "Reason", plainText, "word"],
  ["length_ms", "Held", lengthText],
  ["cost", "Cost", moneyText],
  ["peak_pct", "Best %", pctText],
  ["drawdown_pct", "Worst %", pctText],
  ["fees", "Fees", moneyText],
  ["entry_count", "Entries", String],
  ["exit_count", "Exits", String],
  ["ambiguous", "Ambiguous", (value) => (value ? "yes" : ""), "word"],
];

const OUTCOMES = {
  won: (trade) => trade.pnl > 0,
  lost: (trade) => trade.pnl < 0,
  ambiguous: (trade) => trade.ambiguous,
};

function tradeTable(trades, linkOf, onChosen) {
  const table = byId("trade-table");
  const several = new Set(trades.map((trade) => trade.strategy)).size > 1;
  const idle = new Set([
    ...(several ? [] : ["strategy"]),
    ...["entry_count", "exit_count"].filter((name) => trades.every((trade) => trade[name] < 2)),
    ...(trades.some((trade) => trade.ambiguous) ? [] : ["ambiguous"]),
  ]);
  const columns = COLUMNS.filter(([name]) => !idle.has(name));
  const words = trades.map((trade) => `${trade.signal_id} ${trade.note}`.toLowerCase());
  const wanted = { symbol: "", direction: "", reason: "", outcome: "", text: "" };
  let sortBy = "number";
  let up = true;
  let pageNumber = 0;
  let chosen = null;
  let found = trades;

  function filter() {
    const text = wanted.text.trim().toLowerCase();
    found = trades.filter((trade) => (
      (!wanted.symbol || trade.symbol === wanted.symbol)
      && (!wanted.direction || trade.direction === wanted.direction)
      && (!wanted.reason || trade.reason === wanted.reason)
      && (!wanted.outcome || OUTCOMES[wanted.outcome](trade))
      && (!text || words[trade.index].includes(text))
    ));
    const turn = up ? 1 : -1;
    found.sort((a, b) => {
      const [one, other] = [a[sortBy], b[sortBy]];
      if (one === other) return a.index - b.index;
      return (one < other ? -1 : 1) * turn;
    });
    pageNumber = 0;
    draw();
  }

  function head() {
    const cells = columns.map(([name, text, , kind]) => {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", () => {
        up = sortBy === name ? !up : name === "number" || kind === "word";
        sortBy = name;
        filter();
      });
      return make("th", { scope: "col", class: kind === "word" ? "word" : null, "data-column": name }, button);
    });
    table.tHead.replaceChildren(make("tr", {}, ...cells));
  }

  function row(trade) {
    const cells = columns.map(([name, , text, kind]) => {
      const value = trade[name];
      const shown = text(value);
      if (name === "number") return make("th", { scope: "row" }, make("a", { href: linkOf(trade), "aria-label": `Trade ${trade.signal_id}` }, shown));
      const sign = kind === "signed" ? signOf(value) : null;
      const exact = typeof value === "number" && !name.endsWith("_ms") ? exactText(value) : null;
      return make("td", { class: kind === "word" ? "word" : sign, title: exact === shown ? null : exact }, shown);
    });
    const made = make("tr", { "data-trade": trade.signal_id, "aria-current": trade === chosen ? "true" : null }, ...cells);
    made.addEventListener("click", (event) => {
      event.preventDefault();
      onChosen(trade);
    });
    return made;
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(found.length / ROWS));
    pageNumber = Math.min(pages - 1, Math.max(0, pageNumber));
    for (const cell of table.tHead.querySelectorAll("th")) {
      if (cell.dataset.column === sortBy) cell.setAttribute("aria-sort", up ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    }
    const from = pageNumber * ROWS;
    const rows = found.slice(from, from + ROWS);
    const none = make("tr", {}, make("td", { colspan: columns.length, class: "word" }, trades.length ? "No trade matches." : "No trade was closed."));
    table.tBodies[0].replaceChildren(...(rows.length ? rows.map(row) : [none]));
    byId("trade-count").textContent = `${grouped(found.length, 0)} of ${grouped(trades.length, 0)} trades`;
    pager(pages);
  }

  function pager(pages) {
    const go = (text, to, label) => {
      const button = make("button", { type: "button", "aria-label": label, disabled: to < 0 || to >= pages || to === pageNumber }, text);
      button.addEventListener("click", () => {
        pageNumber = to;
        draw();
        byId("pager").querySelector(`[aria-label="${label}"]:not(:disabled)`)?.focus();
      });
      return button;
    };
    byId("pager").replaceChildren(...(pages < 2 ? [] : [
      go("First", 0, "First page"), go("Previous", pageNumber - 1, "Previous page"),
      make("span", { class: "quiet" }, `Page ${grouped(pageNumber + 1, 0)} of ${grouped(pages, 0)}`),
      go("Next", pageNumber + 1, "Next page"), go("Last", pages - 1, "Last page"),
    ]));
  }

  function choices(name, text, values, spell = String) {
    const select = make("select", { name }, make("option", { value: "" }, "all"), ...values.map((value) => make("option", { value }, spell(value))));
    select.addEventListener("change", () => {
      wanted[name] = select.value;
      filter();
    });
    return make("label", {}, text, " ", select);
  }

  function filters() {
    const distinct = (name) => [...new Set(trades.map((trade) => trade[name]))].sort();
    const text = make("input", { type: "search", name: "text", placeholder: "signal or note" });
    text.addEventListener("input", () => {
      wanted.text = text.value;
      filter();
    });
    const form = byId("filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.replaceChildren(
      choices("symbol", "Symbol", distinct("symbol")),
      choices("direction", "Direction", distinct("direction")),
      choices("reason", "Reason", distinct("reason"), plainText),
      choices("outcome", "Outcome", ["won", "lost", ...(trades.some((trade) => trade.ambiguous) ? ["ambiguous"] : [])]),
      make("label", {}, "Text ", text),
    );
  }

  // Shows the page of the table that has the trade, if the filters let it through.
  function choose(trade) {
    chosen = trade;
    const at = found.indexOf(trade);
    if (at >= 0) pageNumber = Math.floor(at / ROWS);
    draw();
  }

  head();
  filters();
  filter();
  return { choose };
}
