// @ts-check
/** What can be taken out of the page: pictures, tables, the state as a scenario, the command that gives the same. */

import { MOVED, goalOf } from "./state.js";

/**
 * Hand a file over.
 * @param {string} name
 * @param {string | Blob} content
 * @param {string} type
 */
export function save(name, content, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** @param {SVGElement} picture */
export function svgText(picture) {
  const copy = /** @type {SVGElement} */ (picture.cloneNode(true));
  const [, , width, height] = (copy.getAttribute("viewBox") ?? "0 0 600 400").split(" ");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

/**
 * @param {SVGElement} picture
 * @param {number} scale
 * @returns {Promise<Blob>}
 */
export function pngOf(picture, scale) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
    };
    image.onerror = () => reject(new Error("no picture"));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(picture))}`;
  });
}

/**
 * A cell of a table: before text that a spreadsheet program would run stands an apostrophe.
 * @param {string | number} cell
 */
function csvCell(cell) {
  if (typeof cell === "number") return String(Number(cell.toPrecision(6)));
  const text = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {(string | number)[][]} rows */
export const csvText = (rows) => rows.map((row) => `${row.map(csvCell).join(",")}\n`).join("");

/**
 * The units of a plan as points that a map program opens (RFC 7946).
 * @param {any} data
 * @param {{system: number, site: number}[]} units
 * @param {ArrayLike<number>} struck
 * @param {import("./arithmetic.js").Goal} goal places that it does not count are left out where nothing is said of them
 */
export function geojsonText(data, units, struck, { whole, worth }) {
  const { places, systems } = data;
  /** @param {number} p @param {Record<string, any>} properties */
  const point = (p, properties) => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: [places.longitude[p], places.latitude[p]] },
    properties,
  });
  const features = [
    ...units.map(({ system, site }, at) => point(site, { role: "added", order: at + 1, system: systems[system].id, place: places.name[site] })),
    ...Array.from(struck, (number, p) => whole && !worth[p] ? null : point(p, { role: "place", place: places.name[p], strikes_a_month: Number(number.toPrecision(6)) })).filter(Boolean),
  ];
  return `${JSON.stringify({ type: "FeatureCollection", features }, null, 1)}\n`;
}

/** A word that a shell takes as one. @param {string} text */
const quoted = (text) => (/^[\w./:=@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/**
 * The command that gives the page's numbers in Python: the answer's own, or those of a state.
 * @param {any} data
 * @param {string} state empty: nothing is changed
 */
export function commandOf(data, state) {
  const worlds = data.cases[Object.keys(data.cases)[0]].targets.named.worlds.of;
  const until = data.until === data.toml.until ? "" : ` --until ${data.until}`;
  const how = `${quoted(data.file)} --seed ${data.seed} --worlds ${worlds}${until}`;
  return state ? `tegmen live ${how} --state ${quoted(state)}` : `tegmen answer ${how}`;
}

const DAYS = new Set(["until", "first", "last", "history_from", "since", "as_of"]);

/**
 * The state as a scenario: goals and rounds as set; what a scenario can fix by replacing a number is replaced, and what
 * it cannot is said at its top.
 * @param {any} data
 * @param {any} question
 * @param {import("./state.js").State} state
 */
export function scenarioText(data, question, state) {
  const content = structuredClone(data.toml);
  const goal = goalOf(question, state);
  const own = content.goals.some((/** @type {any} */ each) => each.name === goal.name);
  if (!own) content.goals.push({ name: goal.name, metric: goal.metric, largest_cities: goal.cities });
  for (const each of content.goals) {
    each.headline = each.name === goal.name;
    if (each.name !== goal.name) continue;
    if (each.threshold !== state.threshold) delete each.label;
    each.threshold = state.threshold;
    each.confidence = state.confidence;
  }
  if (state.rounds !== data.rounds) {
    const source = "assumption: set in the live page";
    content.rounds = { ...content.rounds, added_a_month: state.rounds, source: content.rounds?.source ? `${source}; was: ${content.rounds.source}` : source };
  }
  const rows = { elsewhere: "kill_ratio_elsewhere", salvo: "salvo_ballistic" };
  const replaced = [];
  for (const [key, row] of Object.entries(rows)) {
    const value = state[/** @type {"elsewhere"|"salvo"} */ (key)];
    const id = Object.keys(data.numbers).find((name) => name.endsWith(`/${row}`));
    if (value !== null && id) replaced.push({ id, low: value, best: value, high: value, source: "assumption: set in the live page" });
  }
  const ids = new Set(replaced.map(({ id }) => id));
  if (replaced.length) content.replace = [...(content.replace ?? []).filter((/** @type {any} */ row) => !ids.has(row.id)), ...replaced];
  const left = [...MOVED, "reaction", "plan", "targets"].filter((key) => {
    const value = state[/** @type {keyof typeof state} */ (key)];
    return !(key in rows) && value !== null && value !== 0 && value !== "answered" && value !== "named";
  });
  const head = ["# Saved from the live page. Answer it with: tegmen answer FILE"];
  if (replaced.length) head.push("# Numbers replaced below are weighed by the record anew; in the page they were not.");
  if (left.length) head.push(`# Set in the page, and nothing a scenario says: ${left.join(", ")}.`);
  return `${head.join("\n")}\n\n${tomlOf(content)}`;
}

/** @param {Record<string, any>} content */
function tomlOf(content) {
  const plain = Object.entries(content).filter(([, value]) => !isTable(value) && !isTables(value));
  const parts = [plain.map(tomlLine).join("")];
  for (const [key, value] of Object.entries(content)) {
    if (isTable(value)) parts.push(...tomlTable(key, value));
    if (isTables(value)) for (const row of value) parts.push(...tomlTable(key, row, true));
  }
  return parts.filter(Boolean).join("\n");
}

/**
 * @param {string} key
 * @param {Record<string, any>} table
 * @param {boolean} [inList]
 * @returns {string[]}
 */
function tomlTable(key, table, inList = false) {
  const lines = Object.entries(table).filter(([, value]) => !isTable(value)).map(tomlLine).join("");
  const inner = Object.entries(table).filter(([, value]) => isTable(value));
  return [`${inList ? `[[${key}]]` : `[${key}]`}\n${lines}`, ...inner.flatMap(([name, value]) => tomlTable(`${key}.${name}`, value))];
}

/** @param {[string, any]} pair */
const tomlLine = ([key, value]) => (value === null ? "" : `${key} = ${tomlValue(key, value)}\n`);

/**
 * @param {string} key
 * @param {any} value
 * @returns {string}
 */
function tomlValue(key, value) {
  if (Array.isArray(value)) return `[${value.map((each) => tomlValue(key, each)).join(", ")}]`;
  if (typeof value === "string") return DAYS.has(key) ? value : JSON.stringify(value).replaceAll("\u007f", "\\u007f");
  return String(value);
}

/** @param {any} value */
const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
/** @param {any} value */
const isTables = (value) => Array.isArray(value) && value.length > 0 && isTable(value[0]);
