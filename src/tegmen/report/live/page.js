// @ts-check
/** The page: what is set, what it comes to, and everything a hand can move. */

import { evaluate, layTheatre, openWorlds, struckAt } from "./arithmetic.js";
import { commandOf, csvText, geojsonText, pngOf, save, scenarioText, svgText } from "./exports.js";
import { SKETCHED_WHOLE, reachIn } from "./passage.js";
import { COLOUR, SIGNS, drawCurve, drawMap, fillMap, shapeOf, spotOf } from "./pictures.js";
import { MOVED, OF_WHOLE, PLANS, TARGETS, firstState, goalOf, isAllowed, planOf, readState, stateText } from "./state.js";
import { make, speak } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./arithmetic.js").Plan} Plan */

/** @param {string} id @returns {any} */
const at = (id) => document.getElementById(id);
const data = JSON.parse(at("data").textContent);
const texts = JSON.parse(at("texts").textContent);
const question = { ...data, cases: Object.keys(data.cases), names: data.places.name };
const reach = 400;
const theatre = layTheatre(data.places, reach);
/** @type {Record<string, import("./arithmetic.js").Worlds>} */
const opened = {};
/** Name of the worlds that a state is worked out on: by its targets, or whole where its goal asks for that. @param {State} one */
const worldsName = (one) => (goalOf(question, one).whole ? "whole" : one.targets);
/** What is carried of its evidence case. @param {State} one */
const carriedFor = (one) => data.cases[one.case].targets[worldsName(one)];
/** All its worlds. @param {State} one */
function worldsOf(one) {
  return (opened[`${one.case} ${worldsName(one)}`] ??= openWorlds(carriedFor(one).worlds, theatre, data.lanes));
}

/** Worlds used while a hand moves; as soon as it rests, all of them are. Of what takes long the second number. */
const SKETCHED = [1000, 400];
const REST_MS = 160;
/** A hand that still holds something goes on, mostly. */
const HELD_MS = 600;
let moving = false;
/** @type {number | undefined} */
let rest;

/** Note that a hand moves. @param {number} [until] milliseconds after which it rests */
function move(until = held || document.querySelector("input:active") ? HELD_MS : REST_MS) {
  moving = true;
  document.body.ariaBusy = "true";
  clearTimeout(rest);
  rest = setTimeout(() => { moving = false; later(); }, until);
}

/** The worlds that a state is worked out on now. @param {State} one */
function workedOn(one) {
  const worlds = worldsOf(one);
  const { metric, whole } = goalOf(question, one);
  const slow = metric !== "ballistic_strikes" || one.plan === "blind";
  return moving ? { ...worlds, count: Math.min(whole ? SKETCHED_WHOLE : SKETCHED[Number(slow)], worlds.carried) } : worlds;
}

let words = speak(texts, "en", data.said);
let state = firstState(question);
let shown = 0;
/** @type {State | null} */
let kept = null;
/** @type {string[]} */
let refused = [];

// ---------------------------------------------------------------- what the state comes to

/**
 * @typedef {object} Outcome
 * @property {Plan} plan
 * @property {ArrayLike<number>} probability
 * @property {ArrayLike<number>} mcse
 * @property {ArrayLike<number>} used
 * @property {number|null} n smallest number enough
 * @property {[number, number|null]} open what sampling leaves
 * @property {boolean} answered whether it is Python's own
 */

/** @param {State} one @returns {boolean} */
function isAnswered(one) {
  return !new RegExp("(^|&)(targets|threshold|confidence|rounds|ready|elsewhere|salvo|launched|reaction|plan)=").test(stateText(one, question));
}

/**
 * Where nothing is changed the numbers are Python's own, on all its worlds.
 * @param {State} one
 * @returns {Outcome}
 */
function comesTo(one) {
  const worlds = workedOn(one);
  const goal = goalOf(question, one);
  const plan = planOf(question, worlds, theatre, carriedFor(one).sites, one);
  const { probability, mcse, used } = evaluate(worlds, theatre, goal, one, plan, one.threshold);
  const own = data.cases[one.case].answers[one.goal];
  if (own && isAnswered(one)) {
    return { plan, used, answered: true, n: own.n, open: own.open, probability: own.probability, mcse: own.mcse };
  }
  const numbers = Array.from(probability, (_, n) => n);
  const first = (/** @type {number} */ errors) => numbers.find((n) => probability[n] + errors * mcse[n] >= one.confidence);
  return { plan, probability, mcse, used, answered: false, n: first(0) ?? null, open: [first(2) ?? numbers.length, first(-2) ?? null] };
}

/** @type {Map<string, any>} */
const remembered = new Map();
/** @template T @param {string} key @param {() => T} work @returns {T} */
function once(key, work) {
  if (!remembered.has(key)) {
    if (remembered.size > 40) remembered.clear();
    remembered.set(key, work());
  }
  return remembered.get(key);
}

/** @param {State} one */
const outcomeOf = (one) => once(`outcome ${workedOn(one).count} ${stateText(one, question)}`, () => comesTo(one));

/** The same question with the best plan found. @param {State} one @returns {Outcome} */
const bestOf = (one) => outcomeOf({ ...one, plan: "blind", units: [] });

/** @param {State} one @param {number} n @returns {Float64Array} */
function struckWith(one, n) {
  const worlds = workedOn(one);
  const { threshold, confidence } = goalOf(question, one);
  const asked = { ...one, threshold, confidence };
  const said = stateText(n === 0 ? { ...asked, plan: "answered", units: [], ready: null, rounds: question.rounds } : asked, question);
  return once(`struck ${n} ${worlds.count} ${said}`, () =>
    struckAt(worlds, theatre, goalOf(question, one), one, outcomeOf(one).plan, n),
  );
}

/** Sum over the places that a goal counts. @param {State} one @param {ArrayLike<number>} struck */
function counted(one, struck) {
  return goalOf(question, one).worth.reduce((sum, worth, p) => sum + (worth > 0 ? struck[p] : 0), 0);
}

// ---------------------------------------------------------------- setting

/** @param {Partial<State>} change */
function set(change) {
  const before = state;
  state = { ...state, ...change };
  if (change.goal && change.goal !== before.goal) {
    const { threshold, confidence, metric } = goalOf(question, state);
    Object.assign(state, { threshold, confidence, ...(metric === "ballistic_strikes" ? {} : { reaction: 0 }) });
    if (!isHeld("targets", state.targets)) state.targets = TARGETS[0];
    if (!isHeld("plan", state.plan)) state.plan = "answered";
  }
  if (state.plan !== "own") state.units = [];
  if (change.units) shown = change.units.length;
  later();
}

/** Begin placing by hand, with the units looked at. @returns {{system: number, site: number}[]} */
function ownUnits() {
  if (state.plan === "own") return [...state.units];
  const { plan } = outcomeOf(state);
  const count = plan.each ? 0 : Math.min(shown, plan.systems.length);
  return Array.from({ length: count }, (_, i) => ({ system: plan.systems[i], site: plan.sites[i] }));
}

/** Whether the goal set can be worked out so. @param {"case"|"plan"|"targets"} name @param {string} value */
function isHeld(name, value) {
  if (value === "informed") return state.goal === question.goals[0].name;
  return name === "case" || !goalOf(question, state).whole || OF_WHOLE[name].includes(value);
}

let waiting = false;
/** Draw once a frame, however often it is asked for. */
function later() {
  if (waiting) return;
  waiting = true;
  document.body.ariaBusy = "true";
  requestAnimationFrame(() => {
    waiting = false;
    // A button drawn anew while it is pressed would lose its click.
    if (document.querySelector("button:active")) for (const end of ["pointerup", "pointercancel"]) addEventListener(end, later, { once: true });
    else show();
  });
}

/** Take what the address says. */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const language = given.get("lang");
  if (language && language in texts) words = speak(texts, language, data.said);
  ({ state, refused } = readState(location.hash, question));
  const a = given.get("a");
  kept = a === null ? null : readState(a, question).state;
  const n = Number(given.get("n") ?? NaN);
  shown = Number.isInteger(n) && n >= 0 && n <= question.most ? n : naturalNumber();
}

function naturalNumber() {
  return state.plan === "own" ? state.units.length : (outcomeOf(state).n ?? question.most);
}

function address() {
  const text = new URLSearchParams(stateText(state, question));
  if (shown !== naturalNumber()) text.set("n", String(shown));
  if (kept) text.set("a", stateText(kept, question));
  if (words.language !== "en") text.set("lang", words.language);
  return `#${text}`;
}

// ---------------------------------------------------------------- drawing

/** @type {SVGElement} */
let ground;

/** Everything that changes with the language alone. */
function dress() {
  document.documentElement.lang = words.language;
  at("title").textContent = document.title = words.own(data.title);
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = words.say(/** @type {HTMLElement} */ (element).dataset.t ?? "");
  at("languages").replaceChildren(
    ...Object.keys(texts).map((name) =>
      make("button", { type: "button", lang: name, "aria-pressed": String(name === words.language), onclick: () => { words = speak(texts, name, data.said); dress(); show(); } }, texts[name].language),
    ),
  );
  ground = drawMap(data.map, words, words.say("map.title"));
  at("map").replaceChildren(ground);
  dressControls();
  dressPalette();
  at("exports").replaceChildren(...exportButtons());
  const { count, of } = data.cases[question.cases[0]].targets[TARGETS[0]].worlds;
  const whole = data.cases[question.cases[0]].targets.whole.worlds.count;
  at("worlds").textContent = words.say("about.worlds", { count, of, whole, hash: data.sha256.slice(0, 16), version: data.version, seed: data.seed, until: data.until });
}

/** Draw what is set. */
function show() {
  const began = performance.now();
  const outcome = outcomeOf(state);
  const last = outcome.probability.length - 1;
  if (state.plan !== "own" && !touchedShown) shown = outcome.n ?? question.most;
  shown = Math.min(shown, last);
  showSentence(outcome);
  showCurve(outcome);
  showMap(outcome);
  showFigures(outcome);
  showControls();
  showUnits();
  showPlaces();
  showDoubts();
  showPair();
  at("command").textContent = commandOf(data, outcome.answered ? "" : stateText(state, question));
  document.body.className = state.case;
  at("refused").textContent = refused.length ? words.say("link.refused", { keys: refused.join(", ") }) : "";
  history.replaceState(null, "", address());
  document.body.ariaBusy = String(moving || waiting);
  document.body.dataset.redrawn = (performance.now() - began).toFixed(1);
}

/** Whether a person chose the number looked at. */
let touchedShown = false;

/** The goal in words. @param {State} one */
function goalWords(one) {
  const goal = goalOf(question, one);
  if (words.language === "en" && one.threshold === goal.threshold) return goal.label;
  const left = goal.is_count ? words.number(one.threshold) : words.percent(one.threshold);
  return words.say(`goal.${goal.metric}`, { left, cities: goal.cities });
}

/** @param {number} kind */
const kindName = (kind) => words.own(question.systems[kind].name);

/** What gets through of what the goal counts, in words. @param {State} one */
function throughWords(one) {
  const { classes } = goalOf(question, one);
  const name = classes.length > 1 ? "all" : (classes[0] ?? "ballistic");
  return words.say(`what.${name}`);
}

/** @param {[number|null, number|null]} span */
function spanText([low, high]) {
  if (low === null || low > question.most) return words.say("span.more", { most: question.most });
  if (high === null) return words.say("span.to", { low, most: question.most });
  return low === high ? String(low) : `${low}–${high}`;
}

/** @param {Outcome} outcome */
function showSentence(outcome) {
  const { n, probability } = outcome;
  const most = question.most;
  const system = kindName(question.system);
  const about = { n: state.plan === "own" ? state.units.length : (n ?? most), most, system, goal: goalWords(state), share: words.percent(state.confidence), reached: words.percent(probability[probability.length - 1]) };
  const own = state.plan === "own";
  const head = own ? words.say("answer.own", { n: state.units.length }) : words.say(n === null ? "answer.none" : "answer.number", about);
  const rest = own ? "answer.ownshare" : n === null ? "answer.not" : n === 1 ? "answer.enough" : "answer.are";
  at("number").replaceChildren(head);
  at("rest").textContent = words.say(rest, about);
  const { span } = data.cases[state.case];
  const { worlds } = carriedFor(state);
  const lines = hangsOn("rounds") ? [words.say("answer.rounds", { rounds: words.number(state.rounds) })] : [];
  if (goalOf(question, state).illustration) lines.push(words.say("answer.illustration"));
  if (outcome.answered && goalOf(question, state).headline) lines.push(words.say("answer.span", { span: spanText(span) }));
  if (!own) lines.push(outcome.open[0] === outcome.open[1] ? words.say("answer.surely") : words.say("answer.sampling", { range: spanText(outcome.open) }));
  at("lines").textContent = lines.join(" ");
  const of = { count: workedOn(state).count, of: worlds.of, goal: shortGoal(question.goals[0]) };
  const how = outcome.answered ? "as_answered" : isAnswered(state) ? "not_asked" : "changed";
  at("standing").replaceChildren(
    make("strong", {}, words.say(how)),
    ` ${words.say(`${how}.more`, of)} `,
    ...(outcome.answered ? [] : [make("button", { type: "button", class: "reset", id: "reset-all", onclick: () => { touchedShown = false; state = firstState(question, state.case); later(); } }, words.say("reset.all"))]),
  );
  document.body.dataset.changed = String(!outcome.answered);
}

/** @param {Outcome} outcome */
function showCurve(outcome) {
  const colour = COLOUR[/** @type {"posted"|"claimed"} */ (state.case)];
  /** @type {import("./pictures.js").Line[]} */
  const lines = [{ ...outcome, colour, band: true, name: words.say(outcome.answered ? "curve.answered" : "curve.now") }];
  if (state.plan === "own" && !goalOf(question, state).whole) lines.push({ ...bestOf(state), colour: COLOUR.soft, width: 1.4, dash: "2 3", name: words.say("curve.best") });
  if (kept) lines.push({ ...outcomeOf(kept), colour: COLOUR.other, width: 2, dash: "8 4", name: words.say("curve.a") });
  else if (!outcome.answered) {
    const { threshold, confidence } = goalOf(question, state);
    const before = outcomeOf({ ...firstState(question, state.case), goal: state.goal, threshold, confidence });
    lines.push({ ...before, colour: COLOUR.soft, width: 1.4, name: words.say(before.answered ? "curve.answered" : "curve.before") });
  }
  const claims = claimsHere();
  const picture = drawCurve({
    lines, most: question.most, confidence: state.confidence, shown, claims, words,
    width: Math.max(330, Math.min(760, at("curve").clientWidth || 640)),
    title: `${words.say("curve.title")}: ${goalWords(state)}`,
    pick: (n) => { touchedShown = true; shown = n; later(); },
  });
  at("curve").replaceChildren(picture);
  at("shown").max = String(outcome.probability.length - 1);
  at("shown").value = String(shown);
  at("shown-value").textContent = `${shown}: ${words.percent(outcome.probability[shown])}`;
  const reached = (/** @type {number|undefined} */ p) => (p === undefined ? "" : `: ${words.say("claims.reached", { share: words.percent(p) })}`);
  at("claims").replaceChildren(...claims.map(({ label, source, added }) => make("li", { title: source }, label, make("span", { class: "soft" }, reached(outcome.probability[added])))));
  at("no-claims").textContent = claims.length ? "" : words.say("claims.none");
}

/** Claims about the goal that is looked at: one about another says nothing of it. @returns {{added: number, label: string, source: string}[]} */
function claimsHere() {
  const headline = question.goals.find((/** @type {any} */ goal) => goal.headline)?.name;
  return data.claims.filter((/** @type {any} */ claim) => (claim.about || headline) === state.goal);
}

/** Units of the plan shown on the map, with where they stand; none where each world has its own. @param {Outcome} outcome */
function standing(outcome) {
  const { plan } = outcome;
  if (plan.each) return [];
  const worlds = worldsOf(state);
  return Array.from({ length: Math.min(shown, plan.systems.length) }, (_, i) => {
    const [system, site] = [plan.systems[i], plan.sites[i]];
    const [x, y] = spotOf(data.map, data.places, site);
    const radius = once(`radius ${state.case} ${worldsName(state)} ${state.goal} ${system}`, () => meanRadius(worlds, system));
    return { x, y, radius, meets: question.systems[system].meets, system, site, number: i + 1, name: `${i + 1}: ${kindName(system)}, ${data.places.name[site]}` };
  });
}

/**
 * How far a unit reaches against what the goal counts, in the mean [km]: ballistic missiles where they are among it.
 * @param {import("./arithmetic.js").Worlds} worlds
 * @param {number} system
 */
function meanRadius({ radius, count, systems, others }, system) {
  const { classes, whole } = goalOf(question, state);
  let sum = 0;
  for (let w = 0; w < count; w++)
    if (system < systems && (!whole || classes.includes("ballistic"))) sum += radius[w * systems + system];
    else if (others) sum += reachIn(others.whole, w, system);
  return sum / count;
}

/** @param {Outcome} outcome */
function showMap(outcome) {
  fillMap(ground, {
    map: data.map, places: data.places, struck: struckWith(state, shown), baseline: data.cases[state.case].baseline,
    most: Math.max(...struckWith(state, 0)), what: throughWords(state),
    units: apart(standing(outcome)), colour: COLOUR[/** @type {"posted"|"claimed"} */ (state.case)], words, hold,
    scale: Math.min(2, Math.max(1, 800 / (at("map").clientWidth || 800))),
  });
  at("informed-note").textContent = outcome.plan.each ? words.say("map.each") : goalOf(question, state).whole ? words.say("map.counted") : "";
  if (focused !== null) /** @type {any} */ (ground.querySelector(`[data-unit="${focused}"]`))?.focus({ preventScroll: true });
}

/** Marks of units at one place, side by side. @template {{x: number, y: number}} T @param {T[]} units @returns {T[]} */
function apart(units) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return units.map((unit) => {
    const key = `${unit.x} ${unit.y}`;
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return { ...unit, x: unit.x + 30 * before, y: unit.y + (before ? 6 : 0) };
  });
}

/** @param {Outcome} outcome */
function showFigures(outcome) {
  const struck = counted(state, struckWith(state, shown));
  const base = counted(state, struckWith(state, 0));
  const p = outcome.probability[shown];
  const worlds = worldsOf(state);
  const rounds = once(`rounds ${state.case} ${worldsName(state)}`, () => worlds.rounds.reduce((sum, each) => sum + each, 0) / worlds.count);
  /** @param {string} value @param {string} text @param {string} source @param {Record<string, any>} [more] */
  const figure = (value, text, source, more = {}) =>
    make("div", { class: "figure" }, make("button", { type: "button", class: "value", title: words.say("source.title"), onclick: () => tell(text, [words.say(source, more)]) }, value), make("span", {}, text));
  const list = [
    figure(words.percent(p), words.say("figure.probability"), "source.probability", { error: words.number(100 * outcome.mcse[shown], 1) }),
    figure(words.number(struck, 1), words.say("figure.struck", { what: throughWords(state), base: words.number(base, 1) }), "source.struck"),
  ];
  const supplied = Array.from(outcome.plan.systems).slice(0, shown).some((s) => s < worlds.systems);
  if (hangsOn("rounds")) list.push(figure(words.number(outcome.used[shown], 0), words.say("figure.used", { have: words.number(rounds + (supplied ? state.rounds : 0), 0) }), "source.used"));
  const kinds = [...new Set([question.system, ...Array.from(outcome.plan.systems).slice(0, shown)])].map((s) => question.systems[s]);
  const unpriced = kinds.filter(({ cost }) => !cost).map(({ name }) => words.own(name));
  list.push(unpriced.length ? figure("–", words.say("figure.unpriced", { names: unpriced.join(", ") }), "source.unpriced") : costFigure(outcome));
  if (state.plan === "own" && shown > 0 && !goalOf(question, state).whole) {
    const best = bestOf(state).probability[shown];
    list.push(figure(words.number(Math.max(0, 100 * (best - p)), 1), words.say("figure.gap", { best: words.percent(best) }), "source.gap"));
  }
  at("figures-title").textContent = words.say("figures.title", { n: shown });
  at("figures").replaceChildren(...list);
}

/** What the units looked at cost with their missiles. @param {Outcome} outcome */
function costFigure(outcome) {
  const systems = Array.from(outcome.plan.systems).slice(0, shown);
  const sum = (/** @type {"low"|"best"|"high"} */ end) => words.number(systems.reduce((total, s) => total + question.systems[s].cost[end], 0), 0);
  const used = [...new Set(systems.length ? systems : [question.system])].map((s) => question.systems[s]);
  const mark = used.every(({ cost }) => cost.verified) ? "" : words.say("unverified.mark");
  const text = words.say("figure.cost", { low: sum("low"), high: sum("high"), mark });
  const sources = used.map(({ name, cost }) => `${name}: ${words.say("source.range", { ...cost })}. ${cost.source} (${words.say(cost.verified ? "source.verified" : "source.unverified")})`);
  return make("div", { class: "figure" }, make("button", { type: "button", class: "value", title: words.say("source.title"), onclick: () => tell(text, sources) }, sum("best")), make("span", {}, text));
}

/** The twelve places with the most under the baseline. */
function showPlaces() {
  const base = struckWith(state, 0);
  const now = struckWith(state, shown);
  const most = Array.from(base, (_, p) => p).sort((p, q) => base[q] - base[p]).slice(0, 12);
  at("places-note").textContent = words.say("places.note", { what: throughWords(state) });
  at("places").replaceChildren(
    make("thead", {}, make("tr", {}, ...[words.say("places.place"), words.say("places.base"), words.say("places.now", { n: shown }), words.say("places.saved")].map((text, i) => make("th", { scope: "col", class: i ? "n" : "" }, text)))),
    make("tbody", {}, ...most.map((p) => make("tr", {}, make("th", { scope: "row" }, data.places.name[p]), ...[base[p], now[p], base[p] - now[p]].map((value) => make("td", { class: "n" }, words.number(value, 2, 2)))))),
  );
}

function showDoubts() {
  const { doubts, matters } = data.cases[state.case];
  at("doubts").replaceChildren(
    ...doubts.map((/** @type {any} */ doubt) => {
      const bar = make("span", { class: "bar", "aria-hidden": "true" });
      bar.style.setProperty("--share", String(Math.min(1, doubt.share)));
      return make("li", {}, make("strong", {}, words.named("unknown", doubt.unknown)), bar, make("span", {}, words.say("doubts.share", { share: words.percent(doubt.share), worth: words.number(doubt.worth, 1) })));
    }),
  );
  at("reading").textContent = words.say("doubts.reading", { reading: words.named("reading", matters) });
  at("unverified").textContent = words.say("doubts.unverified", { m: data.unverified[0], n: data.unverified[1] });
}

/** Two states side by side. */
function showPair() {
  const keep = make("button", { type: "button", id: "keep", onclick: () => { kept = { ...state }; later(); } }, words.say("ab.keep"));
  const a = kept;
  if (!a) {
    at("pair").replaceChildren(make("p", { class: "soft" }, words.say("ab.none")), keep);
    return;
  }
  const both = [a, state].map((one) => ({ one, outcome: outcomeOf(one) }));
  const number = (/** @type {State} */ one, /** @type {Outcome} */ outcome) => Math.min(one === state ? shown : (outcome.n ?? question.most), outcome.probability.length - 1);
  /** @type {[string, (one: State, outcome: Outcome) => string][]} */
  const rows = [
    [words.say("ab.state"), (one) => settingsOf(one)],
    [words.say("ab.number"), (one, { n }) => (one.plan === "own" ? "–" : n === null ? words.say("span.more", { most: question.most }) : String(n))],
    [words.say("ab.probability", { n: shown }), (_, { probability }) => (shown < probability.length ? words.percent(probability[shown]) : "–")],
    [words.say("ab.struck"), (one, outcome) => words.number(counted(one, struckWith(one, number(one, outcome))), 1)],
    [words.say("ab.used"), (one, outcome) => words.number(outcome.used[number(one, outcome)], 0)],
  ];
  at("pair").replaceChildren(
    make("table", {},
      make("thead", {}, make("tr", {}, make("td"), make("th", { scope: "col" }, words.say("ab.a")), make("th", { scope: "col" }, words.say("ab.b")))),
      make("tbody", {}, ...rows.map(([name, cell]) => make("tr", {}, make("th", { scope: "row" }, name), ...both.map(({ one, outcome }) => make("td", {}, cell(one, outcome))))))),
    make("div", { class: "buttons" }, keep,
      make("button", { type: "button", id: "swap", onclick: () => { [kept, state] = [{ ...state }, a]; later(); } }, words.say("ab.swap")),
      make("button", { type: "button", id: "forget", onclick: () => { kept = null; later(); } }, words.say("ab.forget"))),
  );
}

/** What differs from the answer, in words. @param {State} one */
function settingsOf(one) {
  const goal = goalOf(question, one);
  const parts = [words.say(`case.${one.case}`)];
  if (one.goal !== question.goals[0].name) parts.push(shortGoal(goal));
  if (one.threshold !== goal.threshold) parts.push(`${words.say(goal.is_count ? "set.left" : "set.threshold")} ${goal.is_count ? words.number(one.threshold) : words.percent(one.threshold)}`);
  if (one.confidence !== goal.confidence) parts.push(`${words.say("set.confidence")} ${words.percent(one.confidence)}`);
  if (one.rounds !== question.rounds) parts.push(`${words.say("set.rounds")} ${words.number(one.rounds)}`);
  for (const key of MOVED) if (one[key] !== null) parts.push(`${words.say(`set.${key}`)} ${words.number(/** @type {number} */ (one[key]))}`);
  if (one.reaction) parts.push(`ρ ${words.percent(one.reaction)}`);
  if (one.targets !== TARGETS[0]) parts.push(words.say(`targets.${one.targets}`));
  if (one.plan !== "answered") parts.push(words.say(`plan.${one.plan}`));
  return parts.join("; ");
}

/** @param {import("./state.js").HeldGoal} goal */
const shortGoal = (goal) => words.say(`goal.short.${goal.metric}`, { cities: goal.cities });

// ---------------------------------------------------------------- controls

/** @type {(() => void)[]} */
let refresh = [];

/** What worlds have of a number that can be fixed, in the mean. @param {string} name */
function drawnMean(name) {
  const worlds = worldsOf(state);
  const table = { ready: worlds.ready, elsewhere: worlds.ratio, salvo: worlds.salvo, launched: worlds.launched }[name];
  const [from, step] = name === "ready" ? [question.system, worlds.systems] : [0, 1];
  const values = () => Array.from({ length: worlds.count }, (_, w) => /** @type {ArrayLike<number>} */ (table)[from + w * step]);
  return table ? once(`drawn ${state.case} ${worldsName(state)} ${name}`, () => values().reduce((sum, each) => sum + each, 0) / worlds.count) : null;
}

function showControls() {
  for (const each of refresh) each();
}

function dressControls() {
  refresh = [];
  const enough = make("fieldset", {}, make("legend", {}, words.say("set.enough")));
  const goals = make("select", { id: "goal", onchange: (/** @type {any} */ event) => { touchedShown = false; set({ goal: event.target.value }); } }, ...question.goals.map((/** @type {any} */ goal) => make("option", { value: goal.name }, shortGoal(goal))));
  refresh.push(() => void (goals.value = state.goal));
  enough.append(make("label", { for: "goal" }, words.say("set.goal")), goals, radios("case", question.cases), choice("threshold"), choice("confidence"));
  const aims = make("fieldset", {}, make("legend", {}, words.say("targets.title")), radios("targets", [...TARGETS]));
  const plans = make("fieldset", {}, make("legend", {}, words.say("plan.title")), radios("plan", [...PLANS]));
  const facts = make("fieldset", {}, make("legend", {}, words.say("set.facts")), ...question.controls.map(fact), make("p", { class: "soft small" }, words.say("facts.note")));
  at("controls").replaceChildren(enough, plans, facts, aims);
}

/** @param {"case"|"plan"|"targets"} name @param {string[]} values */
function radios(name, values) {
  const list = make("div", { role: "radiogroup", "aria-label": words.say(name === "case" ? "case" : `${name}.title`), class: "radios" });
  for (const value of values) {
    const id = `${name}-${value}`;
    const input = make("input", { type: "radio", name, id, value, onchange: () => { if (name === "plan") touchedShown = false; set(/** @type {any} */ (name === "plan" && value === "own" ? { plan: value, units: ownUnits() } : { [name]: value })); } });
    const text = make("label", { for: id, class: name === "case" ? value : "" }, words.say(`${name}.${value}`));
    const why = () => (value === "informed" ? words.say("set.informed_only", { goal: shortGoal(question.goals[0]) }) : words.say("set.not_held"));
    refresh.push(() => { input.checked = state[name] === value; input.disabled = !isHeld(name, value); text.title = input.disabled ? why() : ""; });
    list.append(make("div", {}, input, text));
  }
  return list;
}

/** A slider for what "enough" means. @param {"threshold"|"confidence"} name */
function choice(name) {
  const goal = () => goalOf(question, state);
  const input = make("input", { type: "range", id: name, oninput: (/** @type {any} */ event) => set({ [name]: Number(event.target.value) }) });
  const value = make("output", { for: name });
  const title = make("label", { for: name });
  const back = make("button", { type: "button", class: "reset", id: `reset-${name}`, "aria-label": `${words.say("reset")}: ${name}`, title: words.say("reset"), onclick: () => set({ [name]: goal()[name] }) }, "↺");
  refresh.push(() => {
    const isCount = name === "threshold" && goal().is_count;
    Object.assign(input, isCount ? { min: "0", max: "12", step: "1" } : { min: "0.05", max: name === "threshold" ? "0.95" : "0.99", step: "0.01" });
    input.value = String(state[name]);
    title.textContent = words.say(isCount ? "set.left" : `set.${name}`);
    value.textContent = isCount ? words.number(state[name]) : words.percent(state[name]);
    back.hidden = state[name] === goal()[name];
  });
  return make("div", { class: "control" }, make("div", { class: "head" }, title, value, back, info(name, () => [words.say("source.choice")])), input);
}

/** Whether what the goal counts hangs on a number. @param {string} name of a control */
function hangsOn(name) {
  const { metric, classes, whole } = goalOf(question, state);
  if (name === "reaction") return metric === "ballistic_strikes";
  return name === "ready" || !whole || classes.includes("ballistic");
}

/** A number that is not known for sure, with its sourced range. @param {import("./state.js").Control} control */
function fact(control) {
  const { name, low, best, high, lowest, highest, step } = control;
  const key = /** @type {"rounds"|"reaction"|"ready"|"elsewhere"|"salvo"|"launched"} */ (name);
  const wide = low === null || high === null ? 1 : high - low;
  const from = Math.max(lowest, step * Math.floor(((low ?? lowest) - wide / 2) / step));
  const to = Math.min(highest, step * Math.ceil(((high ?? highest) + wide / 2) / step));
  const put = (/** @type {any} */ event) => {
    const given = Number(event.target.value);
    if (event.type === "input") move();
    else if (moving) move(REST_MS);
    if (event.target.value !== "" && isAllowed(question, state, key, given)) set({ [key]: given });
    else showControls();
  };
  const input = make("input", { type: "range", id: name, min: from, max: to, step, oninput: put });
  const exact = make("input", { type: "number", id: `${name}-exact`, "aria-label": words.say(`set.${name}`), min: lowest, max: highest, step: step === 1 && name !== "rounds" ? 1 : "any", onchange: put });
  const note = make("span", { class: "note" });
  const back = make("button", { type: "button", class: "reset", id: `reset-${name}`, "aria-label": `${words.say("reset")}: ${words.say(`set.${name}`)}`, title: words.say("reset"), onclick: () => set({ [key]: firstState(question)[key] }) }, "↺");
  const sourced = low === null || high === null ? words.say("set.none") : words.say("set.sourced", { low: words.number(low), high: words.number(high), best: words.number(best ?? low) });
  if (low !== null && high !== null) {
    input.style.setProperty("--from", `${(100 * (low - from)) / (to - from)}%`);
    input.style.setProperty("--to", `${(100 * (high - from)) / (to - from)}%`);
  }
  refresh.push(() => {
    const value = state[key];
    const mean = drawnMean(name);
    const current = value ?? mean ?? 0;
    const off = !hangsOn(name);
    input.disabled = exact.disabled = off;
    input.value = String(current);
    if (document.activeElement !== exact) exact.value = value === null ? "" : String(value);
    exact.placeholder = value === null ? words.number(current) : "";
    const beyond = value !== null && low !== null && high !== null && (value < low || value > high);
    const text = off ? words.say(name === "reaction" ? "set.strikes_only" : "set.no_matter") : value === null ? `${words.say("set.drawn", { value: words.number(current) })}; ${sourced}` : sourced;
    note.replaceChildren(...(beyond ? [make("strong", { class: "beyond" }, `⚠ ${words.say("set.beyond")}`), "; "] : []), text);
    back.hidden = value === firstState(question)[key];
  });
  return make("div", { class: "control" }, make("div", { class: "head" }, make("label", { for: name }, words.say(`set.${name}`)), exact, back, info(name, () => sourcesOf(control))), input, note);
}

/** @param {string} name @param {() => string[]} lines */
function info(name, lines) {
  const title = words.say(`set.${name}`);
  return make("button", { type: "button", class: "info", id: `source-${name}`, "aria-label": words.say("set.source", { name: title }), onclick: () => tell(title, lines()) }, "i");
}

/** @param {import("./state.js").Control} control */
function sourcesOf(control) {
  if (control.name === "reaction") return [words.say("source.reaction")];
  return control.numbers.filter((id) => id in data.numbers).map((id) => {
    const row = data.numbers[id];
    const verified = row.verified === null ? "" : ` (${words.say(row.verified ? "source.verified" : "source.unverified")})`;
    return `${words.own(row.what)}: ${words.say("source.range", { low: words.number(row.low), best: words.number(row.best), high: words.number(row.high), unit: words.own(row.unit) })}. ${row.source}${verified}${row.note ? ` — ${row.note}` : ""} [${id}]`;
  });
}

/** Say where something comes from. @param {string} title @param {string[]} lines */
function tell(title, lines) {
  at("told-title").textContent = title;
  at("told").replaceChildren(...lines.map((line) => make("p", {}, line)));
  at("dialog").showModal();
}

// ---------------------------------------------------------------- units by hand

/** The unit that has the keyboard. @type {number | null} */
let focused = null;
/** What the hand holds: a unit by its number, or a new one of a system. @type {{at: number | null, system: number} | null} */
let held = null;

/** Let a unit's mark be taken hold of. @param {SVGElement} mark @param {any} unit */
function hold(mark, unit) {
  if (state.plan !== "own") return;
  const i = unit.number - 1;
  mark.setAttribute("tabindex", "0");
  mark.setAttribute("role", "button");
  mark.setAttribute("data-unit", String(i));
  mark.setAttribute("aria-label", unit.name);
  mark.setAttribute("cursor", "grab");
  mark.addEventListener("pointerdown", (event) => { event.preventDefault(); focused = i; held = { at: i, system: unit.system }; });
  mark.addEventListener("focus", () => void (focused = i));
  mark.addEventListener("keydown", (event) => {
    const steps = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] });
    if (event.key === "Delete" || event.key === "Backspace") remove(i);
    else if (event.key in steps) place(i, neighbour(state.units[i].site, steps[event.key]));
    else return;
    event.preventDefault();
  });
}

/** The nearest place in a direction. @param {number} site @param {[number, number]} direction */
function neighbour(site, [east, north]) {
  const { x, y } = data.places;
  let best = site;
  let least = Infinity;
  for (let p = 0; p < x.length; p++) {
    const along = (x[p] - x[site]) * east + (y[p] - y[site]) * north;
    const across = Math.abs((x[p] - x[site]) * north) + Math.abs((y[p] - y[site]) * east);
    if (along > 0 && across <= along && along + across < least) [best, least] = [p, along + across];
  }
  return best;
}

/** @param {number} i @param {number} site */
function place(i, site) {
  set({ units: state.units.map((unit, j) => (j === i ? { ...unit, site } : unit)) });
}

/** @param {number} i */
function remove(i) {
  focused = null;
  set({ units: state.units.filter((_, j) => j !== i) });
}

/** @param {number} system @param {number} site @returns {number | null} its number, where there is room for it */
function add(system, site) {
  const units = ownUnits();
  if (units.length >= question.most) return null;
  set({ plan: "own", units: [...units, { system, site }] });
  return units.length;
}

/** The place nearest to a point of the screen; null off the map. @param {number} x @param {number} y */
function siteUnder(x, y) {
  const box = ground.getBoundingClientRect();
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) return null;
  const [width, height] = data.map.size;
  const east = ((x - box.left) / box.width) * width + data.map.edge[0];
  const north = data.map.edge[1] - ((y - box.top) / box.height) * height;
  let best = 0;
  let least = Infinity;
  data.places.x.forEach((/** @type {number} */ px, /** @type {number} */ p) => {
    const apartness = (px - east) ** 2 + (data.places.y[p] - north) ** 2;
    if (apartness < least) [best, least] = [p, apartness];
  });
  return best;
}

window.addEventListener("pointermove", (event) => {
  if (!held) return;
  const site = siteUnder(event.clientX, event.clientY);
  if (site === null) return;
  move();
  if (held.at === null) held.at = add(held.system, site);
  else if (state.units[held.at]?.site !== site) place(held.at, site);
});
window.addEventListener("pointerup", (event) => {
  if (moving) move(REST_MS);
  if (held && held.at !== null && siteUnder(event.clientX, event.clientY) === null) remove(held.at);
  held = null;
});
window.addEventListener("pointercancel", () => void (held = null));

function dressPalette() {
  const select = make("select", { id: "add-place", "aria-label": words.say("add.near") }, ...data.places.name.map((/** @type {string} */ name, /** @type {number} */ p) => make("option", { value: p }, name)));
  const kinds = question.systems.map((/** @type {any} */ system, /** @type {number} */ s) =>
    make("button", { type: "button", class: "kind", id: `add-${system.id}`, onpointerdown: () => void (held = { at: null, system: s }), onclick: () => void add(s, Number(select.value)) }, `${SIGNS[shapeOf(s, system.meets)]} `, words.say("add", { system: words.own(system.name) })));
  at("palette").replaceChildren(...kinds, make("span", {}, words.say("add.at")), select);
}

function showUnits() {
  const list = at("units");
  const key = `${words.language} ${state.plan} ${state.units.map(({ system }) => system)}`;
  if (list.dataset.key !== key) dressUnits(list, key);
  state.units.forEach(({ system, site }, i) => {
    const text = words.say("units.remove", { number: i + 1, system: kindName(system), place: data.places.name[site] });
    at(`unit-${i}`).value = String(site);
    at(`remove-${i}`).title = at(`remove-${i}`).ariaLabel = text;
  });
}

/** The list of units put by hand, each with the place that it can be moved to. @param {any} list @param {string} key */
function dressUnits(list, key) {
  const active = /** @type {HTMLElement | null} */ (document.activeElement)?.id;
  list.dataset.key = key;
  if (state.plan !== "own" || state.units.length === 0) list.replaceChildren(make("p", { class: "soft" }, words.say("units.none")));
  else
    list.replaceChildren(
      make("ol", {}, ...state.units.map(({ system }, i) => {
        const where = make("select", { id: `unit-${i}`, "aria-label": words.say("units.place", { number: i + 1 }), onchange: (/** @type {any} */ event) => place(i, Number(event.target.value)) }, ...data.places.name.map((/** @type {string} */ name, /** @type {number} */ p) => make("option", { value: p }, name)));
        return make("li", {}, `${kindName(system)} `, where, make("button", { type: "button", class: "remove", id: `remove-${i}`, onclick: () => remove(i) }, "×"));
      })),
      make("button", { type: "button", id: "clear", onclick: () => set({ units: [] }) }, words.say("units.clear")),
    );
  for (const { id } of question.systems) at(`add-${id}`).disabled = state.units.length >= question.most;
  if (active) at(active)?.focus();
}

// ---------------------------------------------------------------- exports

/** A name for files of this state. */
const fileName = () => `${data.name.replace(/[^\w.-]+/g, "-")}-${state.case}-${state.goal}`;

function table() {
  const outcome = outcomeOf(state);
  const numbers = Array.from(outcome.probability, (p, n) => [n, p, outcome.mcse[n], outcome.used[n], counted(state, struckWith(state, n))]);
  return csvText([["added", "probability", "mcse", "rounds_used", "strikes_a_month"], ...numbers]);
}

function exportButtons() {
  const curve = () => at("curve").firstElementChild;
  const units = () => standing(outcomeOf(state));
  /** @type {[string, () => void | Promise<void>][]} */
  const actions = [
    ["svg", () => save(`${fileName()}-curve.svg`, svgText(curve()), "image/svg+xml")],
    ["png", async () => save(`${fileName()}-curve.png`, await pngOf(curve(), 2), "image/png")],
    ["map_svg", () => save(`${fileName()}-map.svg`, svgText(ground), "image/svg+xml")],
    ["map_png", async () => save(`${fileName()}-map.png`, await pngOf(ground, 1.5), "image/png")],
    ["csv", () => save(`${fileName()}.csv`, table(), "text/csv")],
    ["geojson", () => save(`${fileName()}.geojson`, geojsonText(data, units(), struckWith(state, shown), goalOf(question, state)), "application/geo+json")],
    ["toml", () => save(`${fileName()}.toml`, scenarioText(data, question, state), "application/toml")],
    ["print", () => window.print()],
  ];
  return actions.map(([name, act]) => make("button", { type: "button", id: `export-${name}`, onclick: act }, words.say(`export.${name}`)));
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = make("textarea", {}, text);
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  at("copied").textContent = words.say("export.copied");
}

// ---------------------------------------------------------------- begin

at("shown").addEventListener("input", (/** @type {any} */ event) => { touchedShown = true; shown = Number(event.target.value); later(); });
at("copy").addEventListener("click", () => copy(at("command").textContent));
at("link").addEventListener("click", () => copy(location.href));
at("close").addEventListener("click", () => at("dialog").close());
at("number").addEventListener("click", () => tell(at("number").textContent, [words.say("source.answer"), at("command").textContent]));
window.addEventListener("hashchange", () => { touchedShown = location.hash.includes("&n="); readAddress(); dress(); show(); });
new ResizeObserver(() => later()).observe(at("curve"));
readAddress();
touchedShown = location.hash.includes("&n=");
dress();
show();
document.body.dataset.usable = performance.now().toFixed(0);
