// @ts-check
/** The curve and the map, as plain SVG that stands alone: every look is an attribute, so that an export keeps it. */

import { draw } from "./words.js";

export const COLOUR = { posted: "#0b5c94", claimed: "#b34700", ink: "#1a1a1a", soft: "#5a5a5a", line: "#d5d5d5", through: "#a3001b", other: "#6b4aa0" };
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
/** So many at one place are drawn in full size. */
const FEW = 6;
const LEFT = 52;
const TOP = 16;
const BOTTOM = 46;

/** @typedef {{probability: ArrayLike<number>, mcse: ArrayLike<number>, colour: string, dash?: string, band?: boolean, width?: number, name: string}} Line */

/**
 * Probability of meeting the goal against added units.
 * @param {object} about
 * @param {Line[]} about.lines the first is the one that marks stand on
 * @param {number} about.most
 * @param {number} about.confidence
 * @param {number} about.shown number of units looked at
 * @param {{added: number, label: string}[]} about.claims
 * @param {import("./words.js").Words} about.words
 * @param {number} about.width
 * @param {string} about.title
 * @param {(n: number) => void} about.pick
 */
export function drawCurve({ lines, most, confidence, shown, claims, words, width, title, pick }) {
  const height = Math.round(Math.min(360, Math.max(250, width * 0.56)));
  const right = 14;
  /** @param {number} n */
  const x = (n) => LEFT + (n / Math.max(most, 1)) * (width - LEFT - right);
  /** @param {number} p */
  const y = (p) => TOP + (1 - p) * (height - TOP - BOTTOM);
  const svg = frame(width, height, title);
  for (const p of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    svg.append(
      draw("line", { x1: LEFT, x2: width - right, y1: y(p), y2: y(p), stroke: COLOUR.line, "stroke-width": p ? 0.7 : 1.2 }),
      label(LEFT - 7, y(p) + 4, words.percent(p), { "text-anchor": "end" }),
    );
  }
  const step = most > 20 ? 5 : most > 10 ? 2 : 1;
  for (let n = 0; n <= most; n += step) svg.append(label(x(n), height - BOTTOM + 17, String(n), { "text-anchor": "middle" }));
  svg.append(
    label((LEFT + width) / 2, height - 9, words.say("curve.across"), { "text-anchor": "middle", fill: COLOUR.soft }),
    draw("line", { x1: LEFT, x2: width - right, y1: y(confidence), y2: y(confidence), stroke: COLOUR.ink, "stroke-dasharray": "5 4" }),
    label(LEFT + 6, y(confidence) - 5, words.say("curve.asked", { share: words.percent(confidence) }), { fill: COLOUR.soft }),
  );
  for (const line of [...lines].reverse()) {
    const count = line.probability.length;
    if (line.band && count > 1) {
      const upper = Array.from({ length: count }, (_, n) => `${x(n).toFixed(1)},${y(Math.min(1, line.probability[n] + 2 * line.mcse[n])).toFixed(1)}`);
      const lower = Array.from({ length: count }, (_, n) => `${x(n).toFixed(1)},${y(Math.max(0, line.probability[n] - 2 * line.mcse[n])).toFixed(1)}`);
      svg.append(draw("polygon", { points: [...upper, ...lower.reverse()].join(" "), fill: line.colour, "fill-opacity": 0.16 }));
    }
    const points = Array.from({ length: count }, (_, n) => `${x(n).toFixed(1)},${y(line.probability[n]).toFixed(1)}`);
    svg.append(draw("polyline", { points: points.join(" "), fill: "none", stroke: line.colour, "stroke-width": line.width ?? 2.4, "stroke-dasharray": line.dash, "stroke-linejoin": "round" }, draw("title", {}, line.name)));
  }
  const main = lines[0];
  const at = Math.min(shown, main.probability.length - 1);
  svg.append(
    draw("line", { x1: x(at), x2: x(at), y1: y(0), y2: y(main.probability[at]), stroke: main.colour, "stroke-width": 1.2 }),
    draw("circle", { cx: x(at), cy: y(main.probability[at]), r: 6, fill: main.colour, stroke: "#fff", "stroke-width": 1.5 }),
    ...claimMarks(claims, main, x, y),
    legendOf(lines, width - 60 - 7 * Math.max(...lines.map(({ name }) => name.length)), height - BOTTOM - 14 * lines.length - 8),
  );
  const cover = draw("rect", { x: LEFT - 8, y: TOP, width: width - LEFT, height: height - TOP, fill: "transparent", cursor: "pointer" });
  cover.addEventListener("click", (/** @type {PointerEvent} */ event) => {
    const box = svg.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * width;
    pick(Math.max(0, Math.min(most, Math.round(((across - LEFT) / (width - LEFT - right)) * most))));
  });
  svg.append(cover);
  return svg;
}

/**
 * Claims as diamonds on the curve, numbered; claims of one number share one.
 * @param {{added: number, label: string}[]} claims
 * @param {Line} line
 * @param {(n: number) => number} x
 * @param {(p: number) => number} y
 */
function claimMarks(claims, line, x, y) {
  return [...new Set(claims.map(({ added }) => added))]
    .filter((added) => added < line.probability.length)
    .map((added) => {
      const [across, down] = [x(added), y(line.probability[added])];
      const names = claims.flatMap((claim, at) => (claim.added === added ? [at + 1] : []));
      const group = draw("g", {}, draw("path", { d: `M${across - 5.5} ${down}l5.5 -5.5 5.5 5.5 -5.5 5.5z`, fill: "#fff", stroke: COLOUR.ink, "stroke-width": 1.6 }));
      group.append(
        label(across, down - 10, names.join(","), { "text-anchor": "middle", "font-weight": 700, stroke: "#fff", "stroke-width": 3, "paint-order": "stroke" }),
        draw("title", {}, claims.filter((claim) => claim.added === added).map((claim) => claim.label).join("; ")),
      );
      return group;
    });
}

/**
 * @param {Line[]} lines
 * @param {number} left
 * @param {number} top
 */
function legendOf(lines, left, top) {
  const group = draw("g", {});
  if (lines.length < 2) return group;
  lines.forEach((line, at) => {
    const y = top + 14 * at + 6;
    group.append(
      draw("line", { x1: left, x2: left + 24, y1: y, y2: y, stroke: line.colour, "stroke-width": line.width ?? 2.4, "stroke-dasharray": line.dash }),
      label(left + 30, y + 4, line.name, { stroke: "#fff", "stroke-width": 3, "paint-order": "stroke" }),
    );
  });
  return group;
}

/** @typedef {{x: number, y: number, radius: number, name: string, number: number, system: number, meets: string[]}} Standing */

/**
 * The ground of the map, with an empty layer for what changes.
 * @param {any} map outlines
 * @param {import("./words.js").Words} words
 * @param {string} title
 */
export function drawMap(map, words, title) {
  const [width, height] = map.size;
  const svg = frame(width, height, title);
  svg.setAttribute("role", "group"); // units on it are taken hold of
  svg.append(
    draw("rect", { width, height, fill: "#eaf1f5" }),
    draw("path", { d: map.abroad, fill: "#f4f4f2", stroke: "#c4c4c4", "stroke-width": 2 }),
    draw("path", { d: map.oblasts, fill: "#fffdf5", stroke: "#d8d2be", "stroke-width": 1.6 }),
    draw("path", { d: map.home, fill: "none", stroke: "#6a6a6a", "stroke-width": 3 }),
    draw("path", { d: map.front, fill: "none", stroke: "#8a1c1c", "stroke-width": 4, "stroke-dasharray": "5 8" }),
    draw("g", { class: "changing" }),
    mapLegend(words, height),
  );
  return svg;
}

/**
 * What changes on the map: what gets through by place, one notional baseline, units in order.
 * @param {SVGElement} svg
 * @param {object} about
 * @param {any} about.map
 * @param {{x: number[], y: number[], name: string[], population: number[], capacity: number[]}} about.places
 * @param {ArrayLike<number>} about.struck by place, in the month
 * @param {number} about.most at one place under the baseline: large numbers are drawn smaller, together
 * @param {string} about.what gets through
 * @param {{at: [number, number], radius: number}[]} about.baseline
 * @param {Standing[]} about.units
 * @param {string} about.colour
 * @param {import("./words.js").Words} about.words
 * @param {number} about.scale of marks and names: larger where the map is small
 * @param {(mark: SVGElement, unit: Standing) => void} about.hold called with the mark of every unit
 */
export function fillMap(svg, { map, places, struck, most, what, baseline, units, colour, words, hold, scale }) {
  const layer = /** @type {SVGElement} */ (svg.querySelector(".changing"));
  layer.replaceChildren();
  for (const stand of baseline)
    layer.append(draw("circle", { cx: stand.at[0], cy: stand.at[1], r: stand.radius, fill: "#6a6a6a", "fill-opacity": 0.15, stroke: "#6a6a6a", "stroke-width": 3, "stroke-dasharray": "9 7" }));
  const scaled = Math.max(1, most / FEW);
  const spots = places.x.map((_, p) => p).sort((p, q) => struck[q] - struck[p]);
  for (const p of spots) {
    const [x, y] = spotOf(map, places, p);
    const size = places.population[p] > 0 ? 3 + 9 * Math.sqrt(Math.min(places.population[p], 3e6) / 3e6) : 5;
    const about = draw("title", {}, `${places.name[p]}: ${words.say("map.through", { number: words.number(struck[p], 2), what })}`);
    const group = draw("g", {}, about);
    if (struck[p] > 0.004) group.append(draw("circle", { cx: x, cy: y, r: 34 * Math.sqrt(struck[p] / scaled), fill: COLOUR.through, "fill-opacity": 0.3, stroke: COLOUR.through, "stroke-width": 1.6 }));
    group.append(
      places.population[p] > 0
        ? draw("circle", { cx: x, cy: y, r: size, fill: "#5d5d5d", "fill-opacity": 0.85 })
        : draw("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size, fill: "#7a5c00", "fill-opacity": 0.85 }),
    );
    layer.append(group);
  }
  const names = [...spots.slice(0, 7)].sort((p, q) => p - q);
  for (const p of names) {
    const [x, y] = spotOf(map, places, p);
    layer.append(label(x + 14 * scale, y - 12 * scale, places.name[p], { "font-size": 21 * scale, stroke: "#fff", "stroke-width": 6, "paint-order": "stroke" }));
  }
  for (const unit of units) {
    const mark = drawUnit(unit, colour, scale);
    hold(mark, unit);
    layer.append(mark);
  }
}

/**
 * A unit: its reach, and a numbered mark to take hold of; kinds differ in shape.
 * @param {Standing} unit
 * @param {string} colour
 * @param {number} scale
 */
function drawUnit(unit, colour, scale) {
  const group = draw("g", { transform: `translate(${unit.x} ${unit.y})` }, draw("title", {}, unit.name));
  const look = { fill: colour, stroke: "#fff", "stroke-width": 3 };
  group.append(
    draw("circle", { r: unit.radius, fill: colour, "fill-opacity": 0.13, stroke: colour, "stroke-width": 3 }),
    MARKS[shapeOf(unit.system, unit.meets)](13 * scale, look),
    label(0, 6 * scale, String(unit.number), { "text-anchor": "middle", "font-size": 17 * scale, "font-weight": 700, fill: "#fff" }),
  );
  return group;
}

/** What a kind's mark tells: the first kind, others that meet ballistic missiles, cruise missiles at most, drones alone. */
export const SIGNS = { disc: "●", square: "■", diamond: "◆", triangle: "▲" };

/** @param {number} system @param {string[]} meets @returns {keyof typeof SIGNS} */
export function shapeOf(system, meets) {
  if (meets.includes("ballistic")) return system === 0 ? "disc" : "square";
  return meets.includes("cruise") ? "diamond" : "triangle";
}

/** @type {Record<keyof typeof SIGNS, (size: number, look: Record<string, any>) => any>} */
const MARKS = {
  disc: (size, look) => draw("circle", { r: size, ...look }),
  square: (size, look) => draw("rect", { x: -size, y: -size, width: 2 * size, height: 2 * size, ...look }),
  diamond: (size, look) => draw("path", { d: `M0 ${-1.4 * size}L${1.4 * size} 0L0 ${1.4 * size}L${-1.4 * size} 0Z`, ...look }),
  triangle: (size, look) => draw("path", { d: `M0 ${-1.5 * size}L${1.5 * size} ${size}L${-1.5 * size} ${size}Z`, ...look }),
};

/**
 * @param {any} map
 * @param {{x: number[], y: number[]}} places
 * @param {number} p
 * @returns {[number, number]}
 */
export const spotOf = (map, places, p) => [places.x[p] - map.edge[0], map.edge[1] - places.y[p]];

/**
 * @param {import("./words.js").Words} words
 * @param {number} height
 */
function mapLegend(words, height) {
  const group = draw("g", { class: "legend", transform: `translate(14 ${height - 108})` }, draw("rect", { x: -8, y: -26, width: 560, height: 126, fill: "#fff", "fill-opacity": 0.86, rx: 6 }));
  const text = { "font-size": 22 };
  group.append(
    draw("circle", { cx: 16, cy: 0, r: 12, fill: COLOUR.through, "fill-opacity": 0.3, stroke: COLOUR.through, "stroke-width": 1.6 }),
    label(40, 8, words.say("map.legend.through"), text),
    draw("circle", { cx: 16, cy: 38, r: 12, fill: "#6a6a6a", "fill-opacity": 0.15, stroke: "#6a6a6a", "stroke-width": 3, "stroke-dasharray": "9 7" }),
    label(40, 46, words.say("map.legend.notional"), text),
    draw("line", { x1: 2, x2: 30, y1: 76, y2: 76, stroke: "#8a1c1c", "stroke-width": 4, "stroke-dasharray": "5 8" }),
    label(40, 84, words.say("map.legend.front"), text),
  );
  return group;
}

/**
 * @param {number} width
 * @param {number} height
 * @param {string} title
 */
function frame(width, height, title) {
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, "font-family": FONT, "font-size": 12.5, fill: COLOUR.ink });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {Record<string, any>} [look]
 */
function label(x, y, text, look = {}) {
  return draw("text", { x: x.toFixed(1), y: y.toFixed(1), fill: COLOUR.ink, ...look }, text);
}
