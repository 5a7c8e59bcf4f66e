// @ts-check
import { CONSTANT, NOTHING, layLanes, leaks, openWhole, reachOf, rint } from "./passage.js";

/**
 * What a page's state comes to: the second implementation of `tegmen.engine.expected`, to be held against Python's.
 *
 * A ballistic missile is met at most once, if a unit that covers its place is ready and has rounds. So the chance that
 * it is stopped follows from who covers the place. Axes: w world, p place, s system, n number of added units, u unit.
 */

/**
 * Worlds as the page carries them, and the baseline's cover in them.
 * @typedef {object} Worlds
 * @property {number} count worlds worked on: the first so many
 * @property {number} carried all of them
 * @property {number} places
 * @property {number} systems
 * @property {number} ess independent worlds that these were resampled from
 * @property {number} together chance that two packets come in the same night
 * @property {Float64Array} mix (w, p) where ballistic missiles are aimed
 * @property {Float64Array} none (w, p, s) chance that no ready unit of the baseline covers the place
 * @property {Float32Array} kyiv (w) share stopped at Kyiv of the missiles met by a ready Patriot
 * @property {Float32Array} ratio (w) the same elsewhere over Kyiv's
 * @property {Float32Array} relative (w, s) a system's share stopped over a Patriot's
 * @property {Float32Array} radius (w, s) defended radius [km]
 * @property {Float32Array} ready (w, s) share of nights on which an added unit could fight
 * @property {Float32Array} rounds (w) rounds a month of the baseline
 * @property {Uint8Array} salvo (w) rounds at one missile
 * @property {Uint16Array} launched (w) missiles in the month
 * @property {Uint16Array} packet (w) missiles that share a target
 * @property {Uint8Array} informed (n, w) sites of the plan that knows the layout
 * @property {{whole: import("./passage.js").Whole, lanes: import("./passage.js").Lanes} | null} others classes beside
 *   ballistic missiles, in worlds that have them
 */

/**
 * Where places are, and which are near each other.
 * @typedef {object} Theatre
 * @property {ArrayLike<number>} x [km]
 * @property {ArrayLike<number>} y [km]
 * @property {ArrayLike<boolean>} kyiv in the record's Kyiv zone
 * @property {{place: Int32Array, apart: Float64Array}[]} near by site: places, nearest first, and how far they lie [km]
 */

/**
 * A goal as the page holds it.
 * @typedef {object} Goal
 * @property {string} name
 * @property {string} metric
 * @property {boolean} is_count
 * @property {string[]} classes that count; none of a goal of cover
 * @property {boolean} area whether rounds of area defence count
 * @property {boolean} whole whether it is worked out on worlds with all their classes
 * @property {number[]} worth (p) what is at stake at a place; 0: it does not count
 */

/**
 * What is set, beside the plan; what is null is as each world has it.
 * @typedef {object} Setting
 * @property {number} rounds a month that come with added units
 * @property {number} reaction share re-aimed
 * @property {number|null} ready
 * @property {number|null} elsewhere
 * @property {number|null} salvo
 * @property {number|null} launched
 */

/**
 * Units in order. `sites` has one site a unit, or (n, w) one a unit and world.
 * @typedef {object} Plan
 * @property {Uint8Array|number[]} systems
 * @property {Uint8Array|Int32Array|number[]} sites
 * @property {boolean} each whether every world has sites of its own
 */

/**
 * @typedef {object} Evaluation
 * @property {Float64Array} probability (n) share of worlds that meet the goal
 * @property {Float64Array} mcse (n) its Monte Carlo standard error
 * @property {Float64Array} remaining (n, w) what remains over the baseline's, or the count
 * @property {Float64Array} used (n) rounds used in the month, mean over worlds
 */

const MANY_NIGHTS = 1e12;
const FORWARD = 0.02;

/**
 * Read arrays from base64: little-endian, by name.
 * @param {Record<string, {type: string, data: string}>} arrays
 * @returns {Record<string, any>}
 */
export function decoded(arrays) {
  const types = { f8: Float64Array, f4: Float32Array, u2: Uint16Array, u1: Uint8Array };
  /** @type {Record<string, any>} */
  const out = {};
  for (const [name, { type, data }] of Object.entries(arrays)) {
    const text = atob(data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    out[name] = new types[/** @type {keyof typeof types} */ (type)](bytes.buffer);
  }
  return out;
}

/**
 * Open the worlds of an evidence case.
 * @param {{count: number, ess: number, together: number, systems: number, whole: boolean, arrays: Record<string, {type: string, data: string}>}} carried
 * @param {Theatre} theatre
 * @param {import("./passage.js").HeldLanes} ways
 * @returns {Worlds}
 */
export function openWorlds(carried, theatre, ways) {
  const { count, ess, together, systems } = carried;
  const a = decoded(carried.arrays);
  const places = theatre.x.length;
  const mix = new Float64Array(count * places);
  for (let w = 0; w < count; w++)
    for (let p = 0; p < places; p++) mix[w * places + p] = Math.fround(a.mix[w * places + p] * a.mix_unit[w]);
  const none = new Float64Array(count * places * systems).fill(1);
  const units = a.site.length / count;
  for (let w = 0; w < count; w++)
    for (let u = 0; u < units; u++) {
      const s = a.system[w * units + u];
      if (s >= systems) continue;
      const radius = a.radius[w * systems + s];
      const { place, apart } = theatre.near[a.site[w * units + u]];
      for (let i = 0; i < place.length && apart[i] <= radius; i++)
        none[(w * places + place[i]) * systems + s] *= 1 - a.unit_ready[w * units + u];
    }
  const whole = carried.whole ? openWhole(a, count, places) : null;
  return {
    others: whole && { whole, lanes: layLanes(ways, theatre, reachOf(whole)) },
    count, carried: count, places, systems, ess, together, mix, none,
    kyiv: a.kyiv, ratio: a.ratio, relative: a.relative, radius: a.radius, ready: a.ready, rounds: a.rounds,
    salvo: a.salvo, launched: a.launched, packet: a.packet, informed: a.informed,
  };
}

/**
 * Lay out the theatre: every site's places, nearest first.
 * @param {{x: number[], y: number[], kyiv: boolean[]}} places
 * @param {number} reach how far any unit reaches [km]
 * @returns {Theatre}
 */
export function layTheatre({ x, y, kyiv }, reach) {
  const near = x.map((_, site) => {
    const apart = x.map((_, p) => Math.sqrt((x[site] - x[p]) * (x[site] - x[p]) + (y[site] - y[p]) * (y[site] - y[p])));
    const place = [...x.keys()].filter((p) => apart[p] <= reach).sort((p, q) => apart[p] - apart[q] || p - q);
    return { place: Int32Array.from(place), apart: Float64Array.from(place, (p) => apart[p]) };
  });
  return { x, y, kyiv, near };
}

/**
 * (w, zone, s) share that a ready unit stops of the missiles it meets, at Kyiv and elsewhere.
 * @param {Worlds} worlds
 * @param {Setting} setting
 */
function killTable({ carried, systems, kyiv, ratio, relative }, { elsewhere }) {
  const kill = new Float64Array(carried * 2 * systems);
  for (let w = 0; w < carried; w++)
    for (let s = 0; s < systems; s++) {
      kill[w * 2 * systems + s] = kyiv[w] * relative[w * systems + s];
      const there = Math.min(kyiv[w] * (elsewhere ?? ratio[w]), 1);
      kill[(w * 2 + 1) * systems + s] = there * relative[w * systems + s];
    }
  return kill;
}

/**
 * @param {Theatre} theatre
 * @returns {Uint8Array} (p) 0 at Kyiv, 1 elsewhere
 */
const zonesOf = (theatre) => Uint8Array.from({ length: theatre.x.length }, (_, p) => (theatre.kyiv[p] ? 0 : 1));

/**
 * Chance that a ready unit covers, and share stopped given rounds: the first system in order that is ready fires.
 * @param {Float64Array} none
 * @param {number} at where its systems begin
 * @param {Float64Array} kill
 * @param {number} from where its systems begin
 * @param {number} systems
 * @param {Float64Array} out engaged, stopped
 */
function meets(none, at, kill, from, systems, out) {
  let before = 1;
  let stopped = 0;
  for (let s = 0; s < systems; s++) {
    stopped += before * (1 - none[at + s]) * kill[from + s];
    before *= none[at + s];
  }
  out[0] = 1 - before;
  out[1] = stopped;
}

/** @typedef {{kill: Float64Array, zone: Uint8Array, engaged: Float64Array, stopped: Float64Array, elsewhere: number|null}} Before */

/** @type {WeakMap<Float64Array, Before>} */
const befores = new WeakMap();

/**
 * The baseline in all worlds carried: (w, p) chance that a ready unit covers a place, and share stopped there given
 * rounds. Kept for as long as the kill share elsewhere stays what it is: nothing else that can be set changes it.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Setting} setting
 * @returns {Before}
 */
function before(worlds, theatre, setting) {
  const known = befores.get(worlds.none);
  if (known && known.elsewhere === setting.elsewhere) return known;
  const { carried, places, systems, none } = worlds;
  const kill = killTable(worlds, setting);
  const zone = zonesOf(theatre);
  const engaged = new Float64Array(carried * places);
  const stopped = new Float64Array(carried * places);
  const chance = new Float64Array(2);
  for (let w = 0; w < carried; w++)
    for (let p = 0; p < places; p++) {
      const at = w * places + p;
      meets(none, at * systems, kill, (w * 2 + zone[p]) * systems, systems, chance);
      engaged[at] = chance[0];
      stopped[at] = chance[1];
    }
  const made = { kill, zone, engaged, stopped, elsewhere: setting.elsewhere };
  befores.set(worlds.none, made);
  return made;
}

/**
 * Where unit n of a plan stands in a world.
 * @param {Plan} plan
 * @param {number} n from 0
 * @param {number} w
 * @param {number} carried
 */
const siteOf = (plan, n, w, carried) => plan.sites[plan.each ? n * carried + w : n];

/**
 * Go through worlds and units: `place` is called for every place whose cover changes, before and after; `step` after
 * each number of units. What a world's cover is stands in `none` (p, s) of that world alone.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {(w: number, none: Float64Array) => void} begin
 * @param {(w: number, p: number, none: Float64Array, after: boolean) => void} place
 * @param {(w: number, n: number, none: Float64Array) => void} step
 */
function walk(worlds, theatre, setting, plan, begin, place, step) {
  const { count, places, systems, radius, ready } = worlds;
  const none = new Float64Array(places * systems);
  for (let w = 0; w < count; w++) {
    none.set(worlds.none.subarray(w * places * systems, (w + 1) * places * systems));
    begin(w, none);
    step(w, 0, none);
    for (let n = 0; n < plan.systems.length; n++) {
      const s = plan.systems[n];
      if (s >= systems) {
        step(w, n + 1, none);
        continue;
      }
      const idle = 1 - (setting.ready ?? ready[w * systems + s]);
      const reach = radius[w * systems + s];
      const near = theatre.near[siteOf(plan, n, w, worlds.carried)];
      for (let i = 0; i < near.place.length && near.apart[i] <= reach; i++) {
        const p = near.place[i];
        place(w, p, none, false);
        none[p * systems + s] *= idle;
        place(w, p, none, true);
      }
      step(w, n + 1, none);
    }
  }
}

/**
 * Sums over places with the first n units of a plan: all that expected strikes and rounds take; each (n, w).
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {number[]} worth
 * @param {Setting} setting
 * @param {Plan} plan
 */
function strikeSums(worlds, theatre, worth, setting, plan) {
  const { count, places, systems, mix } = worlds;
  const size = (plan.systems.length + 1) * count;
  const [met, stopped, squared, newly, newlyStopped] = Array.from({ length: 5 }, () => new Float64Array(size));
  const aimed = new Float64Array(count);
  const base = before(worlds, theatre, setting);
  const { kill, zone } = base;
  const fresh = new Uint8Array(places);
  const total = new Float64Array(5);
  const chance = new Float64Array(2);
  /** @param {number} w @param {number} p @param {Float64Array} none @param {number} sign @param {boolean} reached */
  const tally = (w, p, none, sign, reached) => {
    meets(none, p * systems, kill, (w * 2 + zone[p]) * systems, systems, chance);
    const share = sign * mix[w * places + p];
    total[0] += share * chance[0];
    const counted = share * worth[p];
    if (counted === 0) return;
    total[1] += counted * chance[1];
    total[2] += counted * chance[1] * chance[1];
    if (reached) {
      total[3] += counted;
      total[4] += counted * chance[1];
    }
  };
  walk(
    worlds, theatre, setting, plan,
    (w) => {
      total.fill(0);
      fresh.fill(1);
      for (let p = 0; p < places; p++) {
        const share = mix[w * places + p];
        total[0] += share * base.engaged[w * places + p];
        if (worth[p] === 0) continue;
        const stop = base.stopped[w * places + p];
        aimed[w] += share * worth[p];
        total[1] += share * worth[p] * stop;
        total[2] += share * worth[p] * stop * stop;
      }
    },
    (w, p, none, after) => {
      tally(w, p, none, after ? 1 : -1, after || !fresh[p]);
      fresh[p] = 0;
    },
    (w, n) => {
      const at = n * count + w;
      met[at] = total[0];
      stopped[at] = total[1];
      squared[at] = total[2];
      newly[at] = total[3];
      newlyStopped[at] = total[4];
    },
  );
  return { aimed, met, stopped, squared, newly, newlyStopped };
}

/** @type {{about: any[], made: any}[]} the last few, newest first */
const lately = [];
const REMEMBERED = 16;

/**
 * The sums of `strikeSums`, from memory where only what they do not hang on was moved: rounds, salvo, number, reaction.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 */
function sumsOf(worlds, theatre, goal, setting, plan) {
  const about = ["sums", goal.worth, setting.elsewhere, ...aboutPlan(worlds, setting, plan)];
  return recall(about, () => strikeSums(worlds, theatre, goal.worth, setting, plan));
}

/**
 * The same of `leaks`, at the places that a goal counts.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 * @returns {ReturnType<typeof leaks>}
 */
function leaksOf({ others, ...worlds }, theatre, goal, setting, plan) {
  if (!others) throw new Error("these worlds have ballistic missiles alone");
  const about = ["leaks", goal.worth, goal.classes, ...aboutPlan(worlds, setting, plan)];
  return recall(about, () => leaks(others.whole, others.lanes, theatre, worlds.count, setting, plan, goal, countedBy(goal)));
}

/** Places that a goal counts. @param {{worth: number[]}} goal */
const countedBy = ({ worth }) => [...worth.keys()].filter((p) => worth[p] !== 0);

/** @param {{none: Float64Array, count: number}} worlds @param {Setting} setting @param {Plan} plan */
function aboutPlan({ none, count }, setting, plan) {
  return [none, count, setting.ready, plan.systems.join(), plan.each ? plan.sites : plan.sites.join()];
}

/** @template T @param {any[]} about what it hangs on @param {() => T} make @returns {T} */
function recall(about, make) {
  const known = lately.find((each) => each.about.length === about.length && each.about.every((part, i) => part === about[i]));
  if (known) return known.made;
  const made = make();
  lately.unshift({ about, made });
  lately.length = Math.min(lately.length, REMEMBERED);
  return made;
}

/**
 * Share of engagements that rounds suffice for, and rounds wanted; (n, w) each.
 * @param {Worlds} worlds
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {Float64Array} met (n, w) share of all missiles that a ready unit meets
 */
function fill(worlds, setting, plan, met) {
  const { count } = worlds;
  const supplied = firstSupplied(worlds, plan);
  const filled = new Float64Array(met.length);
  const wanted = new Float64Array(met.length);
  for (let at = 0; at < met.length; at++) {
    const w = at % count;
    const fired = (setting.salvo ?? worlds.salvo[w]) * (setting.launched ?? worlds.launched[w]);
    const rounds = worlds.rounds[w] + (at >= supplied * count ? setting.rounds : 0);
    wanted[at] = fired * met[at];
    filled[at] = Math.min(1, rounds / Math.max(wanted[at], NOTHING));
  }
  return { filled, wanted };
}

/**
 * The least number of a plan's units with which rounds come: the first that meets ballistic missiles brings them.
 * @param {Worlds} worlds
 * @param {Plan} plan
 */
function firstSupplied({ systems }, plan) {
  for (let n = 0; n < plan.systems.length; n++) if (plan.systems[n] < systems) return n + 1;
  return Infinity;
}

/**
 * What a plan comes to, unit by unit.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {number} threshold
 * @returns {Evaluation}
 */
export function evaluate(worlds, theatre, goal, setting, plan, threshold) {
  const { count } = worlds;
  const sums = sumsOf(worlds, theatre, goal, setting, plan);
  const { filled, wanted } = fill(worlds, setting, plan, sums.met);
  const about = ["losses", goal, setting.reaction, setting.rounds, setting.salvo, setting.launched, setting.elsewhere];
  const losses = recall([...about, ...aboutPlan(worlds, setting, plan)], () => remaining(worlds, goal, lossesOf(worlds, theatre, goal, setting, plan, sums, filled)));
  const numbers = plan.systems.length + 1;
  const probability = new Float64Array(numbers);
  const used = new Float64Array(numbers);
  for (let n = numbers - 1; n >= 0; n--)
    for (let w = 0; w < count; w++) {
      const at = n * count + w;
      if (losses[at] <= threshold + 1e-9) probability[n] += 1 / count;
      used[n] += (filled[at] * wanted[at]) / count;
    }
  return { probability, mcse: probability.map((p) => shareError(p, worlds.ess, count)), remaining: losses, used };
}

/**
 * (n, w) what remains of losses over the baseline's; of a count the count.
 * @param {Worlds} worlds
 * @param {Goal} goal
 * @param {Float64Array} losses
 */
function remaining({ count }, { is_count: isCount }, losses) {
  return isCount ? losses : losses.map((loss, at) => (losses[at % count] > 0 ? loss / losses[at % count] : 0));
}

/**
 * (n, w) what is lost of a goal's metric.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {ReturnType<typeof strikeSums>} sums
 * @param {Float64Array} filled
 */
function lossesOf(worlds, theatre, goal, setting, plan, sums, filled) {
  switch (goal.metric) {
    case "ballistic_strikes":
      return strikesLeft(sums, filled, setting.reaction, worlds.count);
    case "people_struck":
      return placesLost(worlds, theatre, goal.worth, setting, plan, filled, () => 1, null);
    case "capitals_uncovered":
      return uncovered(worlds, theatre, goal.worth, setting, plan);
    case "capacity_lost":
      return placesLost(worlds, theatre, goal.worth, setting, plan, filled, damageOf(worlds), othersLeave(worlds, theatre, goal, setting, plan));
    default:
      return strikesOfAll(worlds, theatre, goal, setting, plan, sums, filled);
  }
}

/**
 * (n, w) expected strikes of all classes that count.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {ReturnType<typeof strikeSums>} sums
 * @param {Float64Array} filled
 */
function strikesOfAll(worlds, theatre, goal, setting, plan, sums, filled) {
  const { count, places, launched, others } = worlds;
  if (!others) throw new Error("these worlds have ballistic missiles alone");
  const { a, mix } = others.whole;
  const { cruise, drone } = leaksOf(worlds, theatre, goal, setting, plan);
  const counted = countedBy(goal);
  const [ballistic, flying, droning] = ["ballistic", "cruise", "drone"].map((name) => goal.classes.includes(name));
  const same = new Float64Array(count);
  for (const name of CONSTANT.filter((each) => goal.classes.includes(each)))
    for (let w = 0; w < count; w++)
      for (const p of counted) same[w] += a[`launched_${name}`][w] * mix[name][w * places + p] * (1 - a[`rate_${name}`][w]);
  const losses = ballistic ? strikesLeft(sums, filled, 0, count) : new Float64Array(filled.length);
  return losses.map((left, at) => {
    const w = at % count;
    let [missiles, drones] = [0, 0];
    for (let c = 0; c < counted.length; c++) {
      const here = w * places + counted[c];
      if (flying) missiles += mix.cruise[here] * cruise[at * counted.length + c];
      if (droning) drones += mix.drone[here] * drone[at * counted.length + c];
    }
    return (setting.launched ?? launched[w]) * left + same[w] + a.launched_cruise[w] * missiles + a.launched_drone[w] * drones;
  });
}

/** What a ballistic missile that leaks takes of a place. @param {Worlds} worlds @returns {(w: number) => number} */
function damageOf({ others }) {
  return (w) => others?.whole.a.damage_ballistic[w];
}

/**
 * (n, w, c) share that the other classes leave of a place: cruise missiles as units stop them, the rest as before.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 */
function othersLeave(worlds, theatre, goal, setting, plan) {
  const { count, places, others } = worlds;
  if (!others) throw new Error("these worlds have ballistic missiles alone");
  const { a, mix } = others.whole;
  const { cruise, drone } = leaksOf(worlds, theatre, goal, setting, plan);
  const counted = countedBy(goal);
  const states = statesOf(1);
  states.chance[0] = 1;
  /** @param {string} name @param {number} w @param {number} p @param {number} leak */
  const left = (name, w, p, leak) => {
    states.stop[0] = 1 - leak;
    const packets = inPackets(a[`launched_${name}`][w], a[`packet_${name}`][w]);
    return keptShare(packets, mix[name][w * places + p], states, a[`damage_${name}`][w], 0);
  };
  const before = new Float64Array(count * counted.length);
  for (let w = 0; w < count; w++)
    counted.forEach((p, c) => {
      const at = w * counted.length + c;
      before[at] = left("drone", w, p, drone[at]);
      for (const name of CONSTANT) before[at] *= left(name, w, p, 1 - a[`rate_${name}`][w]);
    });
  return cruise.map((leak, at) => {
    const here = at % before.length;
    return before[here] * left("cruise", Math.floor(here / counted.length), counted[here % counted.length], leak);
  });
}

/**
 * Monte Carlo standard error of a share of resampled worlds.
 * @param {number} probability
 * @param {number} ess
 * @param {number} count
 */
export function shareError(probability, ess, count) {
  const p = Math.min(Math.max(probability, 0.5 / count), 1 - 0.5 / count);
  return Math.sqrt(p * (1 - p) * (1 / ess + 1 / count));
}

/**
 * (n, w) expected strikes over those launched.
 * @param {ReturnType<typeof strikeSums>} sums
 * @param {Float64Array} filled
 * @param {number} reaction
 * @param {number} count
 */
function strikesLeft(sums, filled, reaction, count) {
  return filled.map((share, at) => {
    const aimed = sums.aimed[at % count];
    const through = Math.max(aimed - sums.stopped[at], NOTHING);
    const refuge = (sums.stopped[at] - sums.squared[at]) / through;
    return aimed - share * (sums.stopped[at] - reaction * (sums.newlyStopped[at] - sums.newly[at] * refuge));
  });
}

/**
 * (n, w) worth of what is lost of the places in the month, in the mean.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {number[]} worth
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {Float64Array} filled
 * @param {(w: number) => number} damage share of a place that one missile takes
 * @param {Float64Array | null} others (n, w, c) share that the other classes leave; null: they do not count
 */
function placesLost(worlds, theatre, worth, setting, plan, filled, damage, others) {
  const { count, places, systems, mix, together } = worlds;
  const losses = new Float64Array(filled.length);
  const { kill, zone } = before(worlds, theatre, setting);
  const spared = new Float64Array(places);
  const stale = new Uint8Array(places);
  const counted = countedBy({ worth });
  const states = statesOf(systems);
  walk(
    worlds, theatre, setting, plan,
    () => void stale.fill(1),
    (_w, p) => void (stale[p] = 1),
    (w, n, none) => {
      const share = filled[n * count + w];
      const anew = n === 0 || share !== filled[(n - 1) * count + w];
      const packets = inPackets(setting.launched ?? worlds.launched[w], worlds.packet[w]);
      const at = (n * count + w) * counted.length;
      const taken = damage(w);
      let loss = 0;
      counted.forEach((p, c) => {
        if (anew || stale[p]) {
          stand(none, p * systems, kill, (w * 2 + zone[p]) * systems, share, states);
          spared[p] = keptShare(packets, mix[w * places + p], states, taken, together);
          stale[p] = 0;
        }
        loss += worth[p] * (1 - spared[p] * (others ? others[at + c] : 1));
      });
      losses[n * count + w] = loss;
    },
  );
  return losses;
}

/**
 * (n, w) worth of the places that no unit covers, ready or not.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {number[]} worth
 * @param {Setting} setting
 * @param {Plan} plan
 */
function uncovered(worlds, theatre, worth, setting, plan) {
  const { count, systems } = worlds;
  const losses = new Float64Array((plan.systems.length + 1) * count);
  const counted = countedBy({ worth });
  walk(
    worlds, theatre, setting, plan,
    () => {},
    () => {},
    (w, n, none) => {
      for (const p of counted) losses[n * count + w] += worth[p] * bare(none, p * systems, systems);
    },
  );
  return losses;
}

/** @param {Float64Array} none @param {number} at @param {number} systems 1 where no unit covers */
function bare(none, at, systems) {
  let chance = 0;
  let before = 1;
  for (let s = 0; s < systems; s++) {
    chance += before * (1 - none[at + s]);
    before *= none[at + s];
  }
  return chance <= 0 ? 1 : 0;
}

/**
 * Packets in the month, threats in each, threats in the last.
 * @param {number} launched
 * @param {number} size
 * @returns {[number, number, number]}
 */
function inPackets(launched, size) {
  const packets = Math.ceil(launched / size);
  return [packets, size, launched - Math.max(packets - 1, 0) * size];
}

/**
 * Expected share left of a place after a month's packets: who is ready that night stops a share of each packet, missile
 * by missile, and what leaks takes `damage` of what is left. `kept_share` of `tegmen.engine.kernel.packets`.
 * @param {[number, number, number]} packets
 * @param {number} aimed
 * @param {States} states of the night
 * @param {number} damage
 * @param {number} together chance that two packets come in the same night
 */
function keptShare(packets, aimed, { chance, stop }, damage, together) {
  if (packets[0] === 0) return 1;
  const nothing = (1 - damage) ** packets[1];
  const nothingLast = (1 - damage) ** packets[2];
  let [best, first, second, firstLast] = [nothing, 0, 0, 0];
  for (let s = 0; s < chance.length; s++) {
    if (!(chance[s] > 0)) continue;
    const lived = 1 - damage * (1 - stop[s]);
    const left = lived ** packets[1] - nothing;
    best = Math.max(best, left + nothing);
    first += chance[s] * left;
    second += chance[s] * left * left;
    firstLast += chance[s] * (lived ** packets[2] - nothingLast);
  }
  const step = best - nothing;
  const base = 1 - aimed * (1 - nothing);
  const baseLast = 1 - aimed * (1 - nothingLast);
  if (step <= 0) return base ** (packets[0] - 1) * baseLast;
  const mean = first / step;
  const spread = (second / (step * step) - mean * mean) * together;
  const nights = spread > 0 ? Math.max((mean * (1 - mean)) / spread - 1, 0) : MANY_NIGHTS;
  return meanOverNights(packets[0], base, aimed * step, baseLast, (aimed * firstLast) / mean, mean, nights);
}

/**
 * States of a night at a place: the first system in order that is ready fires.
 * @typedef {{chance: Float64Array, stop: Float64Array}} States (s) chance of each, and share stopped in it
 */

/** @param {number} states @returns {States} */
const statesOf = (states) => ({ chance: new Float64Array(states), stop: new Float64Array(states) });

/**
 * @param {Float64Array} none
 * @param {number} at
 * @param {Float64Array} kill
 * @param {number} from
 * @param {number} filled
 * @param {States} states to be filled
 */
function stand(none, at, kill, from, filled, { chance, stop }) {
  let before = 1;
  for (let s = 0; s < chance.length; s++) {
    chance[s] = before * (1 - none[at + s]);
    before *= none[at + s];
    stop[s] = filled * kill[from + s];
  }
}

/**
 * E[(base + step Y)^(packets - 1) (lastBase + lastStep Y)], Y Beta with this mean and `nights` = a + b.
 * @param {number} packets
 * @param {number} base
 * @param {number} step
 * @param {number} lastBase
 * @param {number} lastStep
 * @param {number} mean
 * @param {number} nights
 */
function meanOverNights(packets, base, step, lastBase, lastStep, mean, nights) {
  let total = 0;
  let moment = 1;
  let ways = 1;
  const most = packets - 1;
  const forward = base > FORWARD * step;
  let power = forward ? base ** most : 0;
  for (let k = 0; k < packets; k++) {
    const ratio = k === 0 ? mean : (mean * nights + k) / (nights + k);
    const term = ways * moment * (forward ? power : base ** (most - k) * step ** k);
    total += term * (lastBase + lastStep * ratio);
    if (step === 0 || moment === 0) break;
    ways *= (most - k) / (k + 1);
    moment *= ratio;
    power *= forward ? step / base : 1;
  }
  return total;
}

/**
 * (p) what gets through at each place of the classes that a goal counts, with the first n units of a plan, mean over
 * worlds. Of a goal of cover ballistic missiles; of one that counts other classes only at the places that it counts.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {number} n
 */
export function struckAt(worlds, theatre, goal, setting, plan, n) {
  const { count, carried, places, others } = worlds;
  const first = { systems: plan.systems.slice(0, n), sites: plan.sites.slice(0, plan.each ? n * carried : n), each: plan.each };
  if (!goal.whole || !others) return missilesAt(worlds, theatre, goal.worth, setting, first);
  const struck = new Float64Array(places);
  const counted = countedBy(goal);
  if (goal.classes.includes("ballistic")) {
    const missiles = missilesAt(worlds, theatre, goal.worth, setting, first);
    for (const p of counted) struck[p] = missiles[p];
  }
  const { a, mix } = others.whole;
  const gone = leaksOf(worlds, theatre, goal, setting, plan);
  for (const name of goal.classes.filter((each) => each !== "ballistic"))
    for (let w = 0; w < count; w++)
      counted.forEach((p, c) => {
        const at = (n * count + w) * counted.length + c;
        const leak = name === "cruise" || name === "drone" ? gone[name][at] : 1 - a[`rate_${name}`][w];
        struck[p] += (a[`launched_${name}`][w] * mix[name][w * places + p] * leak) / count;
      });
  return struck;
}

/**
 * (p) ballistic missiles that get through at each place.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {number[]} worth what counts: only there is what is re-aimed
 * @param {Setting} setting
 * @param {Plan} plan
 */
function missilesAt(worlds, theatre, worth, setting, plan) {
  const { count, places, systems, mix, launched, rounds } = worlds;
  const struck = new Float64Array(places);
  const base = before(worlds, theatre, setting);
  const { kill, zone } = base;
  const reached = new Uint8Array(places);
  const stopped = new Float64Array(places);
  const chance = new Float64Array(2);
  const last = plan.systems.length;
  const more = last >= firstSupplied(worlds, plan) ? setting.rounds : 0;
  walk(
    worlds, theatre, setting, plan,
    () => void reached.fill(0),
    (_w, p) => void (reached[p] = 1),
    (w, n, none) => {
      if (n !== last) return;
      let met = 0;
      let through = 0;
      let taken = 0;
      for (let p = 0; p < places; p++) {
        const at = w * places + p;
        if (reached[p]) meets(none, p * systems, kill, (w * 2 + zone[p]) * systems, systems, chance);
        stopped[p] = reached[p] ? chance[1] : base.stopped[at];
        const aimed = mix[at];
        met += aimed * (reached[p] ? chance[0] : base.engaged[at]);
        if (worth[p] === 0) continue;
        through += aimed * (1 - stopped[p]);
        if (reached[p]) taken += setting.reaction * aimed;
      }
      const number = setting.launched ?? launched[w];
      const wanted = (setting.salvo ?? worlds.salvo[w]) * number * met;
      const filled = Math.min(1, (rounds[w] + more) / Math.max(wanted, NOTHING));
      for (let p = 0; p < places; p++) {
        let aimed = mix[w * places + p];
        if (setting.reaction > 0 && worth[p] !== 0) {
          const refuge = (aimed * (1 - stopped[p])) / Math.max(through, NOTHING);
          aimed += taken * refuge - (reached[p] ? setting.reaction * aimed : 0);
        }
        struck[p] += (number * aimed * (1 - filled * stopped[p])) / count;
      }
    },
  );
  return struck;
}

/**
 * Where units would stand one after another, each where it saves most of the goal in the mean over the worlds, with
 * rounds enough; ties go to the larger place. `gains_of` and `site_greedily` of `tegmen.answer.siting`.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {number} system
 * @param {number} most
 * @returns {number[]}
 */
export function siteGreedily(worlds, theatre, goal, setting, system, most) {
  const { groups, sites } = groupsOf(worlds, theatre, goal, system);
  const lost = lossOf(worlds, theatre, goal, setting, system);
  const { count } = worlds;
  const gains = new Float64Array(theatre.x.length);
  /** @param {Group} group @param {number} sign */
  const tell = (group, sign) => {
    while (group.lost.length < group.units + 2) {
      let sum = 0;
      for (const w of group.members) sum += lost(w, group.place, group.lost.length);
      group.lost.push(sum / count);
    }
    const step = sign * (group.lost[group.units] - group.lost[group.units + 1]);
    for (const site of group.sites) gains[site] += step;
  };
  for (const group of groups) tell(group, 1);
  const order = [];
  for (let n = 0; n < most; n++) {
    let best = sites[0];
    for (const site of sites) if (twelfth(gains[site]) > twelfth(gains[best])) best = site;
    order.push(best);
    for (const group of groups)
      if (group.sites.includes(best)) {
        tell(group, -1);
        group.units += 1;
        tell(group, 1);
      }
  }
  return order;
}

/**
 * Worlds in which the same sites reach a place.
 * @typedef {object} Group
 * @property {number} place
 * @property {number[]} sites
 * @property {number[]} members
 * @property {number} units that stand on them
 * @property {number[]} lost with 0, 1, ... units, mean over all worlds
 */

/**
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {number} system
 */
function groupsOf({ count, systems, radius }, theatre, goal, system) {
  let reach = 0;
  for (let w = 0; w < count; w++) reach = Math.max(reach, radius[w * systems + system]);
  /** @type {Group[]} */
  const groups = [];
  const sites = new Set();
  for (let p = 0; p < theatre.x.length; p++) {
    if (goal.worth[p] === 0) continue;
    const { place, apart } = theatre.near[p]; // distances are the same both ways
    /** @type {Map<number, number[]>} */
    const byReach = new Map();
    for (let i = 0; i < place.length && apart[i] <= reach; i++) sites.add(place[i]);
    for (let w = 0; w < count; w++) {
      const own = radius[w * systems + system];
      let number = 0;
      while (number < place.length && apart[number] <= own) number++;
      if (number === 0) continue;
      const members = byReach.get(number);
      if (members) members.push(w);
      else byReach.set(number, [w]);
    }
    for (const [number, members] of byReach)
      groups.push({ place: p, sites: Array.from(place.subarray(0, number)), members, units: 0, lost: [] });
  }
  return { groups, sites: [...sites].sort((a, b) => a - b) };
}

/**
 * What is lost at a place in a world with k more units in its reach, rounds enough.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {number} system
 * @returns {(w: number, p: number, k: number) => number}
 */
function lossOf(worlds, theatre, goal, setting, system) {
  const { places, systems, mix, together } = worlds;
  const { kill, zone } = before(worlds, theatre, setting);
  const none = new Float64Array(systems);
  const chance = new Float64Array(2);
  const states = statesOf(systems);
  return (w, p, k) => {
    const at = (w * places + p) * systems;
    for (let s = 0; s < systems; s++) none[s] = worlds.none[at + s];
    none[system] *= (1 - (setting.ready ?? worlds.ready[w * systems + system])) ** k;
    const from = (w * 2 + zone[p]) * systems;
    if (goal.metric === "people_struck") {
      const packets = inPackets(setting.launched ?? worlds.launched[w], worlds.packet[w]);
      stand(none, 0, kill, from, 1, states);
      return goal.worth[p] * (1 - keptShare(packets, mix[w * places + p], states, 1, together));
    }
    if (goal.metric === "capitals_uncovered") return goal.worth[p] * bare(none, 0, systems);
    meets(none, 0, kill, from, systems, chance);
    return (setting.launched ?? worlds.launched[w]) * mix[w * places + p] * (1 - chance[1]);
  };
}

/** @param {number} value rounded to the twelfth decimal, half to even, so that sums in another order tie as well */
const twelfth = (value) => rint(value * 1e12) / 1e12;
