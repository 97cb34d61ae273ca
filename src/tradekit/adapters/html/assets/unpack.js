// Packed columns to objects; the other end is payload.py.

async function unpacked(id) {
  const block = byId(id);
  if (!block) return null;
  const packed = atob(block.textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function tradesOf({ count, names, columns, fills, steps }) {
  const plain = Object.keys(columns);
  const trades = [];
  for (let i = 0; i < count; i += 1) {
    const trade = { index: i, number: i + 1 };
    for (const name of plain) {
      trade[name] = names[name] ? names[name][columns[name][i]] : columns[name][i];
    }
    trade.length_ms = trade.exit_ts_ms - trade.entry_ts_ms;
    const [entries, exits] = fills[i] ?? [[], []];
    trade.entries = entries.length ? entries : [[trade.entry_ts_ms, trade.entry_price, trade.quantity, null, trade.entry_at_ms]];
    trade.exits = exits.length ? exits : [[trade.exit_ts_ms, trade.exit_price, trade.quantity, null, trade.exit_at_ms]];
    trade.entry_count = trade.entries.length;
    trade.exit_count = trade.exits.length;
    const own = steps[i] ?? {};
    const level = (name, price) => own[name] ?? [[trade.entry_at_ms, price]];
    trade.levels = { average: level("average", trade.entry_price), stop: level("stop", trade.stop), target: level("target", trade.target) };
    trade.moves = own.moves ?? {};
    trades.push(trade);
  }
  return trades;
}

function candlesOf(packed) {
  const { interval_ms: step, digits, open, close, high, low } = packed;
  const scale = 10 ** digits;
  const skips = new Map(packed.steps);
  const candles = new Array(open.length);
  let ms = packed.since_ms;
  let last = 0;
  for (let i = 0; i < open.length; i += 1) {
    if (i) ms += step * (skips.get(i) ?? 1);
    const first = last + open[i];
    last = first + close[i];
    candles[i] = {
      time: ms / 1000,
      open: first / scale,
      high: (Math.max(first, last) + high[i]) / scale,
      low: (Math.min(first, last) - low[i]) / scale,
      close: last / scale,
    };
  }
  return { candles, digits, step };
}

// Without candles the prices traded are all there is to draw.
function pricesTraded(trades) {
  const points = new Map();
  for (const trade of trades) {
    for (const [, price, , , ms] of [...trade.entries, ...trade.exits]) points.set(ms, price);
  }
  const times = [...points.keys()].sort((a, b) => a - b);
  const candles = times.map((ms) => ({ time: ms / 1000, value: points.get(ms) }));
  const decimals = trades.map((trade) => (String(trade.entry_price).split(".")[1] ?? "").length);
  return { candles, digits: Math.min(10, Math.max(2, ...decimals)), step: 0 };
}

// The last candle that opens at or before the moment.
function indexAt(candles, ms) {
  let from = 0;
  let to = candles.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (candles[middle].time * 1000 <= ms) from = middle + 1;
    else to = middle;
  }
  return Math.max(0, from - 1);
}
