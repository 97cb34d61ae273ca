// Trades drawn over candles: a primitive of the chart library, and what lies under the pointer.

const MANY = 250;
const FEW = 40;
const NEAR = 12;

function tradeDrawing() {
  const state = { trades: [], chosen: null, colours: theme(), shapes: [] };
  let own = null;

  function shapeOf(trade) {
    const scale = own.chart.timeScale();
    const x1 = scale.logicalToCoordinate(trade.from);
    const x2 = scale.logicalToCoordinate(trade.to);
    const y1 = own.series.priceToCoordinate(trade.entry_price);
    const y2 = own.series.priceToCoordinate(trade.exit_price);
    if ([x1, x2, y1, y2].some((each) => each === null)) return null;
    return { trade, x1, x2: Math.max(x2, x1), y1, y2 };
  }

  function visible() {
    const range = own.chart.timeScale().getVisibleLogicalRange();
    if (!range) return [];
    const inside = state.trades.filter((trade) => trade.to >= range.from - 1 && trade.from <= range.to + 1);
    return inside.map(shapeOf).filter(Boolean);
  }

  const xAt = (shape, index) => Math.min(Math.max(own.chart.timeScale().logicalToCoordinate(index), shape.x1), shape.x2);
  const yOf = (price) => (price === null ? null : own.series.priceToCoordinate(price));

  // A level as it stood: flat from each step to the next one, a little longer than the trade.
  function level(pen, shape, steps, colour, dash, text) {
    let last = null;
    steps.forEach(([, price], i) => {
      const y = yOf(price);
      const x1 = i ? xAt(shape, steps[i].at) : shape.x1 - 4;
      const x2 = i + 1 < steps.length ? xAt(shape, steps[i + 1].at) : Math.max(shape.x2, shape.x1 + 8) + 4;
      if (y !== null) {
        if (last !== null) stroke(pen, x1, last, x1, y, colour, 1, dash);
        stroke(pen, x1, y, x2, y, colour, 1, dash);
      }
      last = y;
    });
    const y = yOf(steps[0][1]);
    if (text && y !== null) {
      pen.fillStyle = colour;
      pen.textAlign = "right";
      pen.fillText(text, shape.x1 - 8, y + 4);
    }
  }

  // What lies between a level and the average price: what would be won, or lost, there.
  function zone(pen, shape, name) {
    const { trade } = shape;
    const { average } = trade.levels;
    const steps = trade.levels[name];
    const side = trade.direction === "long" ? 1 : -1;
    const turns = [...new Set([...average, ...steps].map((step) => step.at))].sort((a, b) => a - b);
    turns.forEach((turn, i) => {
      const [middle, price] = [average, steps].map((each) => each.findLast((step) => step.at <= turn)?.[1] ?? null);
      const [y1, y2] = [yOf(middle), yOf(price)];
      if (y1 === null || y2 === null) return;
      // On whole pixels neighbours do not overlap, which would show as stripes.
      const from = Math.round(i ? xAt(shape, turn) : shape.x1);
      const to = Math.round(i + 1 < turns.length ? xAt(shape, turns[i + 1]) : Math.max(shape.x2, shape.x1 + 6));
      pen.fillStyle = (price - middle) * side > 0 ? state.colours.gainFill(0.12) : state.colours.lossFill(0.12);
      pen.fillRect(from, Math.min(y1, y2), to - from, Math.abs(y2 - y1));
    });
  }

  function levels(pen, shape, named) {
    const { colours } = state;
    const { target, stop, average } = shape.trade.levels;
    level(pen, shape, target, colours.gain, [2, 3], named ? "target" : "");
    level(pen, shape, stop, colours.loss, [2, 3], named ? "stop" : "");
    if (average.length > 1 || named) level(pen, shape, average, colours.accent, [6, 4], named ? (average.length > 1 ? "average" : "entry") : "");
  }

  function glyphs(pen, shape, chosen) {
    const { colours } = state;
    const { trade } = shape;
    const size = chosen ? 7 : 5;
    const mark = ([fill, draw]) => {
      const y = yOf(fill[1]);
      if (y !== null) draw(xAt(shape, fill.at), y);
    };
    const ringed = trade.pnl < 0 ? colours.loss : colours.gain;
    const entered = (x, y) => triangle(pen, x, y, size, trade.direction === "long", colours.accent, colours.ground);
    const left = (x, y) => ring(pen, x, y, size - 1, ringed, colours.ground);
    [...trade.entries.map((fill) => [fill, entered]), ...trade.exits.map((fill) => [fill, left])].forEach(mark);
  }

  function draw(target) {
    target.useMediaCoordinateSpace(({ context: pen }) => {
      state.shapes = visible();
      const { colours, shapes } = state;
      const many = shapes.length > MANY;
      pen.save();
      pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      for (const shape of shapes) {
        if (shape.trade === state.chosen) continue;
        if (shapes.length <= FEW) levels(pen, shape, false);
        const colour = shape.trade.pnl < 0 ? colours.loss : colours.gain;
        pen.globalAlpha = many ? 0.55 : 0.9;
        stroke(pen, shape.x1, shape.y1, shape.x2, shape.y2, colour, many ? 1 : 1.5, []);
        pen.globalAlpha = 1;
        if (!many) glyphs(pen, shape, false);
      }
      const chosen = shapes.find((shape) => shape.trade === state.chosen);
      if (chosen) {
        zone(pen, chosen, "target");
        zone(pen, chosen, "stop");
        levels(pen, chosen, true);
        const colour = chosen.trade.pnl < 0 ? colours.loss : colours.gain;
        stroke(pen, chosen.x1, chosen.y1, chosen.x2, chosen.y2, colour, 2.5, []);
        glyphs(pen, chosen, true);
      }
      pen.restore();
    });
  }

  // What is nearest to a point, in pixels from the line between entry and exit.
  function nearest(x, y) {
    let best = null;
    let least = NEAR;
    for (const { trade, x1, y1, x2, y2 } of state.shapes) {
      const squared = (x2 - x1) ** 2 + (y2 - y1) ** 2;
      const along = squared ? Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / squared)) : 0;
      const away = Math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1));
      if (away < least) {
        least = away;
        best = trade;
      }
    }
    return best;
  }

  const view = { zOrder: () => "top", renderer: () => ({ draw }) };
  return {
    nearest,
    set(changes) {
      Object.assign(state, changes);
      own?.requestUpdate();
    },
    attached(parameters) { own = parameters; },
    detached() { own = null; },
    updateAllViews() {},
    paneViews: () => [view],
    // The levels of the chosen trade are part of the picture.
    autoscaleInfo(from, to) {
      const { chosen } = state;
      if (!chosen || chosen.to < from || chosen.from > to) return null;
      const marks = [...chosen.entries, ...chosen.exits, ...Object.values(chosen.levels).flat()];
      const prices = marks.map((each) => each[1]).filter((each) => each !== null);
      return { priceRange: { minValue: Math.min(...prices), maxValue: Math.max(...prices) } };
    },
  };
}

function stroke(pen, x1, y1, x2, y2, colour, width, dash) {
  pen.beginPath();
  pen.setLineDash(dash);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
  pen.setLineDash([]);
}

// A triangle whose tip is at the price: it points up for a long entry, down for a short one.
function triangle(pen, x, y, size, up, colour, edge) {
  const foot = up ? y + size * 1.8 : y - size * 1.8;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x - size, foot);
  pen.lineTo(x + size, foot);
  pen.closePath();
  pen.fillStyle = colour;
  pen.strokeStyle = edge;
  pen.lineWidth = 1;
  pen.fill();
  pen.stroke();
}

function ring(pen, x, y, radius, colour, inside) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = inside;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.fill();
  pen.stroke();
}
