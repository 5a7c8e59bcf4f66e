// @ts-check
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

const NOTHING = 1e-300;
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
 * @param {{count: number, ess: number, together: number, systems: number, arrays: Record<string, {type: string, data: string}>}} carried
 * @param {Theatre} theatre
 * @returns {Worlds}
 */
export function openWorlds(carried, theatre) {
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
  return {
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

/** @type {{about: any[], sums: ReturnType<typeof strikeSums>}[]} the last few, newest first */
const lately = [];
const REMEMBERED = 4;

/**
 * The sums of `strikeSums`, from memory where only what they do not hang on was moved: rounds, salvo, number, reaction.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {Goal} goal
 * @param {Setting} setting
 * @param {Plan} plan
 */
function sumsOf(worlds, theatre, goal, setting, plan) {
  const where = plan.each ? plan.sites : plan.sites.join();
  const about = [worlds.none, worlds.count, goal.worth, setting.ready, setting.elsewhere, plan.systems.join(), where];
  const known = lately.find((each) => each.about.every((part, i) => part === about[i]));
  if (known) return known.sums;
  const sums = strikeSums(worlds, theatre, goal.worth, setting, plan);
  lately.unshift({ about, sums });
  lately.length = Math.min(lately.length, REMEMBERED);
  return sums;
}

/**
 * Share of engagements that rounds suffice for, and rounds wanted; (n, w) each.
 * @param {Worlds} worlds
 * @param {Setting} setting
 * @param {Float64Array} met (n, w) share of all missiles that a ready unit meets
 */
function fill(worlds, setting, met) {
  const { count } = worlds;
  const filled = new Float64Array(met.length);
  const wanted = new Float64Array(met.length);
  for (let at = 0; at < met.length; at++) {
    const w = at % count;
    const fired = (setting.salvo ?? worlds.salvo[w]) * (setting.launched ?? worlds.launched[w]);
    const rounds = worlds.rounds[w] + (at >= count ? setting.rounds : 0);
    wanted[at] = fired * met[at];
    filled[at] = Math.min(1, rounds / Math.max(wanted[at], NOTHING));
  }
  return { filled, wanted };
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
  const { filled, wanted } = fill(worlds, setting, sums.met);
  const losses =
    goal.metric === "ballistic_strikes"
      ? strikesLeft(sums, filled, setting.reaction, count)
      : goal.metric === "people_struck"
        ? peopleStruck(worlds, theatre, goal.worth, setting, plan, filled)
        : uncovered(worlds, theatre, goal.worth, setting, plan);
  const numbers = plan.systems.length + 1;
  const probability = new Float64Array(numbers);
  const used = new Float64Array(numbers);
  for (let n = numbers - 1; n >= 0; n--)
    for (let w = 0; w < count; w++) {
      const at = n * count + w;
      if (!goal.is_count) losses[at] = losses[w] > 0 ? losses[at] / losses[w] : 0;
      if (losses[at] <= threshold + 1e-9) probability[n] += 1 / count;
      used[n] += (filled[at] * wanted[at]) / count;
    }
  return { probability, mcse: probability.map((p) => shareError(p, worlds.ess, count)), remaining: losses, used };
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
 * (n, w) people in places at which something gets through in the month, in the mean.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {number[]} worth
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {Float64Array} filled
 */
function peopleStruck(worlds, theatre, worth, setting, plan, filled) {
  const { count, places, systems, mix, together } = worlds;
  const losses = new Float64Array(filled.length);
  const { kill, zone } = before(worlds, theatre, setting);
  const spared = new Float64Array(places);
  const stale = new Uint8Array(places);
  const counted = [...worth.keys()].filter((p) => worth[p] !== 0);
  const kept = keptShareOf(systems);
  walk(
    worlds, theatre, setting, plan,
    () => void stale.fill(1),
    (_w, p) => void (stale[p] = 1),
    (w, n, none) => {
      const share = filled[n * count + w];
      const anew = n === 0 || share !== filled[(n - 1) * count + w];
      const packets = packetsOf(worlds, setting, w);
      let loss = 0;
      for (const p of counted) {
        if (anew || stale[p]) {
          const from = (w * 2 + zone[p]) * systems;
          spared[p] = kept(packets, mix[w * places + p], none, p * systems, kill, from, share, together);
          stale[p] = 0;
        }
        loss += worth[p] * (1 - spared[p]);
      }
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
  const counted = [...worth.keys()].filter((p) => worth[p] !== 0);
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
 * Packets in the month, missiles in each, missiles in the last.
 * @param {Worlds} worlds
 * @param {Setting} setting
 * @param {number} w
 * @returns {[number, number, number]}
 */
function packetsOf(worlds, setting, w) {
  const launched = setting.launched ?? worlds.launched[w];
  const size = worlds.packet[w];
  const packets = Math.ceil(launched / size);
  return [packets, size, launched - Math.max(packets - 1, 0) * size];
}

/**
 * Chance that nothing gets through at a place in a month: who is ready that night stops a share of each packet, missile
 * by missile. `kept_share` of `tegmen.engine.kernel.packets`, with a damage of 1.
 * @param {number} systems
 */
function keptShareOf(systems) {
  const left = new Float64Array(systems);
  const leftLast = new Float64Array(systems);
  const chance = new Float64Array(systems);
  /**
   * @param {[number, number, number]} packets
   * @param {number} aimed
   * @param {Float64Array} none
   * @param {number} at
   * @param {Float64Array} kill
   * @param {number} from
   * @param {number} filled
   * @param {number} together
   */
  return (packets, aimed, none, at, kill, from, filled, together) => {
    if (packets[0] === 0) return 1;
    let before = 1;
    let step = 0;
    for (let s = 0; s < systems; s++) {
      chance[s] = before * (1 - none[at + s]);
      before *= none[at + s];
      const stop = filled * kill[from + s];
      left[s] = stop ** packets[1];
      leftLast[s] = stop ** packets[2];
      if (chance[s] > 0) step = Math.max(step, left[s]);
    }
    if (step <= 0) return (1 - aimed) ** packets[0];
    let first = 0;
    let second = 0;
    let firstLast = 0;
    for (let s = 0; s < systems; s++) {
      first += chance[s] * left[s];
      second += chance[s] * left[s] * left[s];
      firstLast += chance[s] * leftLast[s];
    }
    const mean = first / step;
    const spread = (second / (step * step) - mean * mean) * together;
    const nights = spread > 0 ? Math.max((mean * (1 - mean)) / spread - 1, 0) : MANY_NIGHTS;
    return meanOverNights(packets[0], 1 - aimed, aimed * step, (aimed * firstLast) / mean, mean, nights);
  };
}

/**
 * E[(base + step Y)^(packets - 1) (base + lastStep Y)], Y Beta with this mean and `nights` = a + b.
 * @param {number} packets
 * @param {number} base
 * @param {number} step
 * @param {number} lastStep
 * @param {number} mean
 * @param {number} nights
 */
function meanOverNights(packets, base, step, lastStep, mean, nights) {
  let total = 0;
  let moment = 1;
  let ways = 1;
  const most = packets - 1;
  const forward = base > FORWARD * step;
  let power = forward ? base ** most : 0;
  for (let k = 0; k < packets; k++) {
    const ratio = k === 0 ? mean : (mean * nights + k) / (nights + k);
    const term = ways * moment * (forward ? power : base ** (most - k) * step ** k);
    total += term * (base + lastStep * ratio);
    if (step === 0 || moment === 0) break;
    ways *= (most - k) / (k + 1);
    moment *= ratio;
    power *= forward ? step / base : 1;
  }
  return total;
}

/**
 * (p) missiles that get through at each place with all units of a plan, mean over worlds.
 * @param {Worlds} worlds
 * @param {Theatre} theatre
 * @param {number[]} worth what counts: only there is what is re-aimed
 * @param {Setting} setting
 * @param {Plan} plan
 */
export function struckAt(worlds, theatre, worth, setting, plan) {
  const { count, places, systems, mix, launched, rounds } = worlds;
  const struck = new Float64Array(places);
  const base = before(worlds, theatre, setting);
  const { kill, zone } = base;
  const reached = new Uint8Array(places);
  const stopped = new Float64Array(places);
  const chance = new Float64Array(2);
  const last = plan.systems.length;
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
      const filled = Math.min(1, (rounds[w] + (last > 0 ? setting.rounds : 0)) / Math.max(wanted, NOTHING));
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
  const kept = keptShareOf(systems);
  return (w, p, k) => {
    const at = (w * places + p) * systems;
    for (let s = 0; s < systems; s++) none[s] = worlds.none[at + s];
    none[system] *= (1 - (setting.ready ?? worlds.ready[w * systems + system])) ** k;
    const from = (w * 2 + zone[p]) * systems;
    if (goal.metric === "people_struck")
      return goal.worth[p] * (1 - kept(packetsOf(worlds, setting, w), mix[w * places + p], none, 0, kill, from, 1, together));
    if (goal.metric === "capitals_uncovered") return goal.worth[p] * bare(none, 0, systems);
    meets(none, 0, kill, from, systems, chance);
    return (setting.launched ?? worlds.launched[w]) * mix[w * places + p] * (1 - chance[1]);
  };
}

/** @param {number} value rounded to the twelfth decimal, half to even, so that sums in another order tie as well */
function twelfth(value) {
  const scaled = value * 1e12;
  const whole = Math.round(scaled);
  return (Math.abs(scaled % 1) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole) / 1e12;
}
