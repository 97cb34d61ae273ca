// How values read, and how elements are made: text only ever becomes text.

const byId = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((each) => each !== null && each !== undefined));
  return made;
}

const padded = (number) => String(number).padStart(2, "0");

function timeText(ms) {
  const at = new Date(ms);
  const day = `${at.getUTCFullYear()}-${padded(at.getUTCMonth() + 1)}-${padded(at.getUTCDate())}`;
  const seconds = at.getUTCSeconds();
  return `${day} ${padded(at.getUTCHours())}:${padded(at.getUTCMinutes())}${seconds ? `:${padded(seconds)}` : ""}`;
}

function lengthText(ms) {
  const parts = [];
  let rest = Math.round(ms);
  for (const [length, letter] of [[864e5, "d"], [36e5, "h"], [6e4, "m"], [1e3, "s"]]) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count) parts.push(`${count}${letter}`);
  }
  return parts.slice(0, 2).join(" ") || "0m";
}

function grouped(value, places) {
  return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

// Two decimals, or two digits of what is nearer to zero.
function moneyText(value) {
  const size = Math.abs(value);
  if (!size || size >= 0.1) return grouped(value, 2);
  return grouped(value, Math.min(12, 1 - Math.floor(Math.log10(size))));
}

const exactText = (value) => (value === null ? "none" : String(value));
const plainText = (name) => name.replaceAll("_", " ");
const signOf = (value) => (value > 0 ? "gain" : value < 0 ? "loss" : null);
const isDark = window.matchMedia("(prefers-color-scheme: dark)");
const isStill = window.matchMedia("(prefers-reduced-motion: reduce)");

function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const rgba = (name, alpha) => `rgba(${read(name).split(" ").join(",")},${alpha})`;
  return {
    ground: read("panel"), text: read("text"), quiet: read("quiet"), line: read("line"),
    accent: read("accent"), label: read("label"), gain: read("gain"), loss: read("loss"),
    gainFill: (alpha) => rgba("gain-fill", alpha), lossFill: (alpha) => rgba("loss-fill", alpha),
  };
}

// What all charts share; the attribution stands in the page's foot.
function chartOptions(colours) {
  return {
    autoSize: true,
    layout: {
      background: { type: "solid", color: colours.ground }, textColor: colours.quiet,
      fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12,
      attributionLogo: true,
      panes: { separatorColor: colours.line, separatorHoverColor: colours.line, enableResize: false },
    },
    grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
    rightPriceScale: { borderColor: colours.line },
    timeScale: { borderColor: colours.line, timeVisible: true, secondsVisible: false, minBarSpacing: 0.002 },
    localization: { locale: "en-GB", dateFormat: "yyyy-MM-dd", timeFormatter: (seconds) => timeText(seconds * 1000) },
    handleScroll: { mouseWheel: false, pressedMouseMove: true, horzTouchDrag: true, vertTouchDrag: false },
    handleScale: { mouseWheel: false, pinch: true, axisPressedMouseMove: true },
    crosshair: { mode: 0, vertLine: { labelBackgroundColor: colours.label }, horzLine: { labelBackgroundColor: colours.label } },
  };
}

// The page's own scrolling comes first: a wheel zooms only while the chart has the focus.
function wheelWithFocus(place, chart) {
  place.addEventListener("pointerdown", () => place.focus({ preventScroll: true }));
  const turn = (on) => chart.applyOptions({ handleScale: { mouseWheel: on }, handleScroll: { mouseWheel: on } });
  place.addEventListener("focusin", () => turn(true));
  place.addEventListener("focusout", () => turn(false));
}
