// @ts-check
/** What the page is set to, and how its address says so; the keys are those of `tegmen live SCENARIO --state`. */

import { siteGreedily } from "./arithmetic.js";

/** @typedef {import("./arithmetic.js").Worlds} Worlds */
/** @typedef {import("./arithmetic.js").Theatre} Theatre */
/** @typedef {import("./arithmetic.js").Plan} Plan */
/** @typedef {import("./arithmetic.js").Goal & {threshold: number, confidence: number, label: string, headline: boolean, illustration: boolean, cities: number}} HeldGoal */
/** @typedef {{name: string, low: number|null, best: number|null, high: number|null, lowest: number, highest: number, step: number, numbers: string[]}} Control */

/**
 * @typedef {object} Question what a state is of
 * @property {string[]} cases
 * @property {HeldGoal[]} goals
 * @property {Control[]} controls
 * @property {number} rounds that come with added units, as answered
 * @property {number} most units tried
 * @property {string[]} names of places
 * @property {{id: string, name: string, meets: string[]}[]} systems kinds by code
 * @property {number} system kind that the question adds
 */

/**
 * @typedef {object} State
 * @property {string} case
 * @property {string} targets
 * @property {string} goal
 * @property {number} threshold
 * @property {number} confidence
 * @property {number} rounds
 * @property {number} reaction
 * @property {number|null} ready
 * @property {number|null} elsewhere
 * @property {number|null} salvo
 * @property {number|null} launched
 * @property {"answered"|"blind"|"informed"|"own"} plan
 * @property {{system: number, site: number}[]} units
 */

export const PLANS = /** @type {const} */ (["answered", "blind", "informed", "own"]);
export const TARGETS = /** @type {const} */ (["named", "front", "population"]);
/** What goals that count other classes can be set to: the rest is worked out of ballistic missiles alone. */
export const OF_WHOLE = /** @type {Record<"targets"|"plan", string[]>} */ ({ targets: [TARGETS[0]], plan: ["answered", "own"] });
export const MOVED = /** @type {const} */ (["ready", "elsewhere", "salvo", "launched"]);

/**
 * The state in which the page opens: everything as answered.
 * @param {Question} question
 * @param {string} [evidence] case
 * @returns {State}
 */
export function firstState(question, evidence = question.cases[0]) {
  const { name, threshold, confidence } = question.goals[0];
  return {
    case: evidence, targets: TARGETS[0], goal: name, threshold, confidence, rounds: question.rounds, reaction: 0,
    ready: null, elsewhere: null, salvo: null, launched: null, plan: "answered", units: [],
  };
}

/**
 * Read a state from text; what is left out is as answered, and what is not allowed is left out and named.
 * @param {string} text
 * @param {Question} question
 * @returns {{state: State, refused: string[]}}
 */
export function readState(text, question) {
  const given = new URLSearchParams(text.replace(/^#/, ""));
  const state = firstState(question);
  /** @type {string[]} */
  const refused = [];
  /** @param {string} key @param {readonly string[]} allowed @param {(value: any) => void} put */
  const choose = (key, allowed, put) => {
    const value = given.get(key);
    if (value === null) return;
    if (allowed.includes(value)) put(value);
    else refused.push(key);
  };
  choose("case", question.cases, (value) => void (state.case = value));
  choose("targets", TARGETS, (value) => void (state.targets = value));
  choose("goal", question.goals.map((goal) => goal.name), (value) => void (state.goal = value));
  choose("plan", PLANS, (value) => void (state.plan = value));
  const goal = goalOf(question, state);
  state.threshold = goal.threshold;
  state.confidence = goal.confidence;
  for (const key of /** @type {const} */ (["threshold", "confidence", "rounds", "reaction", ...MOVED])) {
    const value = given.get(key);
    if (value === null) continue;
    if (isAllowed(question, state, key, value.trim() === "" ? NaN : Number(value))) state[key] = Number(value);
    else refused.push(key);
  }
  for (const key of /** @type {const} */ (["targets", "plan"]))
    if (goal.whole && !OF_WHOLE[key].includes(state[key])) {
      refused.push(key);
      Object.assign(state, { [key]: firstState(question)[key] });
    }
  for (const part of (given.get("units") ?? "").split(",").filter(Boolean)) {
    const [kind, place] = part.split("@");
    const system = question.systems.findIndex(({ id }) => id === kind);
    const site = question.names.indexOf(unquoted(place ?? ""));
    if (system < 0 || site < 0 || state.units.length >= question.most) refused.push("units");
    else state.units.push({ system, site });
  }
  if (state.units.length && state.plan !== "own") refused.push("units");
  if (state.plan !== "own") state.units = [];
  for (const key of given.keys()) if (!(key in state) && key !== "n" && key !== "a" && key !== "lang") refused.push(key);
  return { state, refused: [...new Set(refused)] };
}

/** @param {string} text */
function unquoted(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Whether a number may be set: Python refuses what this refuses.
 * @param {Question} question
 * @param {State} state
 * @param {string} key
 * @param {number} value
 */
export function isAllowed(question, state, key, value) {
  if (!Number.isFinite(value)) return false;
  const goal = goalOf(question, state);
  if (key === "threshold") return value >= 0 && value <= (goal.is_count ? 1e6 : 1);
  if (key === "confidence") return value > 0 && value < 1;
  if (key === "reaction" && value !== 0 && goal.metric !== "ballistic_strikes") return false;
  const control = question.controls.find(({ name }) => name === key);
  if (!control || value < control.lowest || value > control.highest) return false;
  return control.step !== 1 || key === "rounds" || Number.isInteger(value);
}

/**
 * Write a state as text, the shortest that reads back the same: what is as answered is left out.
 * @param {State} state
 * @param {Question} question
 */
export function stateText(state, question) {
  const first = firstState(question);
  const goal = goalOf(question, state);
  const text = new URLSearchParams({ case: state.case });
  if (state.targets !== first.targets) text.set("targets", state.targets);
  if (state.goal !== first.goal) text.set("goal", state.goal);
  if (state.threshold !== goal.threshold) text.set("threshold", String(state.threshold));
  if (state.confidence !== goal.confidence) text.set("confidence", String(state.confidence));
  if (state.rounds !== first.rounds) text.set("rounds", String(state.rounds));
  for (const key of MOVED) if (state[key] !== null) text.set(key, String(state[key]));
  if (state.reaction) text.set("reaction", String(state.reaction));
  if (state.plan !== "answered") text.set("plan", state.plan);
  if (state.plan === "own" && state.units.length) {
    const units = state.units.map(({ system, site }) => `${question.systems[system].id}@${encodeURIComponent(question.names[site])}`);
    text.set("units", units.join(","));
  }
  return text.toString();
}

/**
 * @param {Question} question
 * @param {State} state
 */
export const goalOf = (question, state) =>
  question.goals.find(({ name }) => name === state.goal) ?? question.goals[0];

/**
 * The units of a state's plan, in order.
 * @param {Question} question
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Record<string, number[]>} answered goal to sites in order, as answered; one that is not there is sited anew
 * @param {State} state
 * @returns {Plan}
 */
export function planOf(question, worlds, theatre, answered, state) {
  if (state.plan === "own")
    return { systems: state.units.map(({ system }) => system), sites: state.units.map(({ site }) => site), each: false };
  const systems = new Uint8Array(question.most).fill(question.system);
  if (state.plan === "informed") return { systems, sites: worlds.informed, each: true };
  if (state.plan === "answered" && state.goal in answered) return { systems, sites: answered[state.goal], each: false };
  const sites = siteGreedily(worlds, theatre, goalOf(question, state), state, question.system, question.most);
  return { systems, sites, each: false };
}
