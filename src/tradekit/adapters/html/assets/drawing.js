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

  function level(pen, shape, price, colour, dash, text) {
    const y = price === null ? null : own.series.priceToCoordinate(price);
    if (y === null) return;
    stroke(pen, shape.x1 - 4, y, Math.max(shape.x2, shape.x1 + 8) + 4, y, colour, 1, dash);
    if (text) {
      pen.fillStyle = colour;
      pen.textAlign = "right";
      pen.fillText(text, shape.x1 - 8, y + 4);
    }
  }

  function zones(pen, shape) {
    const { colours } = state;
    const width = Math.max(shape.x2 - shape.x1, 6);
    const zone = (price, fill) => {
      const y = price === null ? null : own.series.priceToCoordinate(price);
      if (y === null) return;
      pen.fillStyle = fill;
      pen.fillRect(shape.x1, Math.min(y, shape.y1), width, Math.abs(y - shape.y1));
    };
    zone(shape.trade.target, colours.gainFill(0.12));
    zone(shape.trade.stop, colours.lossFill(0.12));
  }

  function levels(pen, shape, named) {
    const { colours } = state;
    level(pen, shape, shape.trade.target, colours.gain, [2, 3], named ? "target" : "");
    level(pen, shape, shape.trade.stop, colours.loss, [2, 3], named ? "stop" : "");
    if (shape.trade.entries.length > 1 || named) {
      const text = shape.trade.entries.length > 1 ? "average" : "entry";
      level(pen, shape, shape.trade.entry_price, colours.accent, [6, 4], named ? text : "");
    }
  }

  function glyphs(pen, shape, chosen) {
    const { colours } = state;
    const { trade } = shape;
    const size = chosen ? 7 : 5;
    const isLong = trade.direction === "long";
    const entries = trade.entries.length ? trade.entries : [[trade.entry_at_ms, trade.entry_price]];
    for (const [ms, price] of entries) {
      const at = trade.entries.length > 1 ? own.chart.timeScale().logicalToCoordinate(trade.indexAt(ms)) : shape.x1;
      const y = own.series.priceToCoordinate(price);
      if (at !== null && y !== null) triangle(pen, at, y, size, isLong, colours.accent, colours.ground);
    }
    const exits = trade.exits.length > 1 ? trade.exits : [[trade.exit_at_ms, trade.exit_price]];
    for (const [ms, price] of exits) {
      const at = trade.exits.length > 1 ? own.chart.timeScale().logicalToCoordinate(trade.indexAt(ms)) : shape.x2;
      const y = own.series.priceToCoordinate(price);
      if (at !== null && y !== null) ring(pen, at, y, size - 1, trade.pnl < 0 ? colours.loss : colours.gain, colours.ground);
    }
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
        zones(pen, chosen);
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
      const prices = [chosen.entry_price, chosen.exit_price, chosen.stop, chosen.target].filter((each) => each !== null);
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
