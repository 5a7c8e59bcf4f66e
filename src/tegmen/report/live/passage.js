// @ts-check
/**
 * What gets through on its way: the second implementation of `tegmen.engine.passage`, to be held against Python's.
 *
 * On a lane the windows of units follow one another: shoot, look, shoot, every unit ready or not for the night. Axes: w
 * world, p place, c place that counts, k kind, n number of added units, l lane of cruise missiles; ticks are 0.1 s.
 */

/** @typedef {import("./arithmetic.js").Theatre} Theatre */
/** @typedef {import("./arithmetic.js").Setting} Setting */
/** @typedef {import("./arithmetic.js").Plan} Plan */

/**
 * Lanes as the page carries them: from launch areas to places, straight, with parallel variants.
 * @typedef {object} HeldLanes
 * @property {[number, number][]} areas where launch areas lie [km]
 * @property {number} offset sideways shift of a variant at the launch end [km]
 * @property {number} variants
 * @property {number} step of `inside` [km]
 * @property {Uint8Array} inside (l) steps flown over Ukraine
 * @property {{drone: number[], cruise: number[]}} weight by class, chance of each launch area
 */

/**
 * A lane of cruise missiles near a site: closest approach, and how far along the lane it lies [km].
 * @typedef {{lane: number, site: number, approach: number, along: number}} Near
 */

/**
 * @typedef {object} Lanes
 * @property {HeldLanes} held
 * @property {Float64Array} length (l) whole way [km]
 * @property {Near[][]} bySite by site the lanes that pass it
 * @property {Near[][]} byLane by lane the sites that it passes
 */

/**
 * Worlds with all their classes.
 * @typedef {object} Whole
 * @property {number} kinds
 * @property {Record<string, any>} a arrays by name, as `whole_arrays` of `tegmen.answer.live` has them
 * @property {Record<string, Float64Array>} mix by class, (w, p) where threats are aimed
 * @property {(Standing | undefined)[]} standing (w) worked out when it is first asked for
 * @property {(Kit | undefined)[]} kits (w, k) the same
 */

/**
 * What meets cruise missiles under the baseline of a world.
 * @typedef {object} Standing
 * @property {{unit: number, kit: Kit, ready: number}[][]} units by site
 * @property {Window[][]} kept by lane, where they were asked for in the first worlds
 * @property {Float64Array} passing (l) chance to get past all units; NaN: not worked out yet
 * @property {Float64Array} left chance to get past the dispersed layer, by steps flown over Ukraine
 * @property {Float64Array} drones (p) the same of drones aimed at a place
 */

/**
 * What a unit of a kind does in a world: reach [km], flight of its interceptor [ticks], rank, kill share of a salvo.
 * @typedef {{radius: number, flight: number, rank: number, kill: number}} Kit
 */

/**
 * When a unit can fire on a lane: first and last tick.
 * @typedef {{unit: number, opening: number, closing: number, kit: Kit, ready: number}} Window
 */

/** The classes of a goal that a unit can meet on their way, and how the others are told. */
export const CONSTANT = /** @type {const} */ (["supersonic", "s300_ground"]);
const TICKS = 10;
const IMPACT = 150_000;
const NEVER = 2 ** 40;
const SELDOM = 0.5;
/** Worlds used while a hand moves. */
export const SKETCHED_WHOLE = 24;
/** Numbers of added units begin here: they come after the baseline's. */
const ADDED = 1e6;
export const NOTHING = 1e-300;

/** @param {number} value whole, half to even */
export function rint(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}

/**
 * Lay the lanes of cruise missiles.
 * @param {HeldLanes} held
 * @param {Theatre} theatre
 * @param {number} reach how far any unit meets what flies past [km]
 * @returns {Lanes}
 */
export function layLanes(held, theatre, reach) {
  const { areas, offset, variants, weight } = held;
  const { x, y } = theatre;
  const length = new Float64Array(x.length * areas.length * variants);
  /** @type {Near[][]} */
  const bySite = Array.from(x, () => []);
  /** @type {Near[][]} */
  const byLane = Array.from(length, () => []);
  for (let lane = 0; lane < length.length; lane++) {
    const [p, area] = endsOf(held, lane);
    const [east, north] = [x[p] - areas[area][0], y[p] - areas[area][1]];
    const way = Math.sqrt(east * east + north * north);
    const shift = offset * ((lane % variants) - Math.floor(variants / 2));
    const [x0, y0] = [areas[area][0] + (-north / way) * shift, areas[area][1] + (east / way) * shift];
    const [dx, dy] = [x[p] - x0, y[p] - y0];
    length[lane] = Math.sqrt(dx * dx + dy * dy);
    if (!(weight.cruise[area] > 0)) continue;
    const [ex, ey] = [dx / length[lane], dy / length[lane]];
    for (let site = 0; site < x.length; site++) {
      const along = Math.min(Math.max((x[site] - x0) * ex + (y[site] - y0) * ey, 0), length[lane]);
      const [gx, gy] = [x0 + ex * along - x[site], y0 + ey * along - y[site]];
      const approach = Math.sqrt(gx * gx + gy * gy);
      if (approach > reach) continue;
      const near = { lane, site, approach, along };
      bySite[site].push(near);
      byLane[lane].push(near);
    }
  }
  return { held, length, bySite, byLane };
}

/** Place and launch area of a lane. @param {HeldLanes} held @param {number} lane @returns {[number, number]} */
function endsOf({ areas, variants }, lane) {
  return [Math.floor(lane / (areas.length * variants)), Math.floor(lane / variants) % areas.length];
}

/**
 * Open what worlds have beside their ballistic missiles.
 * @param {Record<string, any>} a
 * @param {number} count
 * @param {number} places
 * @returns {Whole}
 */
export function openWhole(a, count, places) {
  /** @type {Record<string, Float64Array>} */
  const mix = {};
  for (const name of ["drone", "cruise", ...CONSTANT])
    mix[name] = Float64Array.from(a[`mix_${name}`], (steps, at) => Math.fround(steps * a[`mix_unit_${name}`][Math.floor(at / places)]));
  return { kinds: a.rank.length / count, a, mix, standing: new Array(count), kits: [] };
}

/** How far a kind meets cruise missiles, or else drones, in a world [km]. @param {Whole} whole @param {number} w @param {number} kind */
export function reachIn({ a, kinds }, w, kind) {
  const at = w * kinds + kind;
  return a.radius_air[at] > 0 ? Math.min(a.radius_air[at], a.horizon[w]) : a.radius_drone[at];
}

/** How far any unit meets cruise missiles [km]. @param {Whole} whole */
export const reachOf = ({ a }) => a.radius_air.reduce((/** @type {number} */ most, /** @type {number} */ radius) => Math.max(most, radius), 0);

/** @param {Whole} whole @param {number} w @param {number} kind @returns {Kit} */
function kitOf({ a, kinds, kits }, w, kind) {
  const at = w * kinds + kind;
  const known = kits[at];
  if (known) return known;
  const radius = Math.min(a.radius_air[at], a.horizon[w]);
  return (kits[at] = {
    radius,
    flight: Math.max(1, rint((radius / 2 / a.pace[w * 4 + 3]) * TICKS)),
    rank: a.rank[at],
    kill: 1 - (1 - a.factor[w] * a.effect_air[at]) ** a.salvo_cruise[w],
  });
}

/**
 * When a unit can fire on a lane near its site; null: never.
 * @param {Whole} whole
 * @param {Lanes} lanes
 * @param {number} w
 * @param {Near} near
 * @param {number} unit its number
 * @param {Kit} kit
 * @param {number} ready chance that it is
 * @returns {Window | null}
 */
function windowOn({ a }, lanes, w, { lane, approach, along }, unit, kit, ready) {
  const { radius } = kit;
  if (approach >= radius) return null;
  const half = Math.sqrt(radius * radius - approach * approach);
  const length = lanes.length[lane];
  const enter = Math.max(along - half, 0);
  const leave = Math.min(along + half, length);
  const pace = 3600 / a.pace[w * 4];
  const first = IMPACT - rint(((length - enter) * pace - a.pace[w * 4 + 1]) * TICKS);
  const last = Math.min(IMPACT - rint((length - leave) * pace * TICKS) - kit.flight, first + rint(a.pace[w * 4 + 2] * TICKS));
  return first > last || leave <= enter ? null : { unit, opening: Math.max(first, 0), closing: last, kit, ready };
}

/**
 * The baseline's windows on a lane, in the order in which units would fire.
 * @param {Whole} whole
 * @param {Lanes} lanes
 * @param {number} w
 * @param {Standing} standing
 * @param {number} lane
 */
function windowsOn(whole, lanes, w, { units }, lane) {
  /** @type {Window[]} */
  const windows = [];
  for (const near of lanes.byLane[lane])
    for (const { unit, kit, ready } of units[near.site]) {
      const window = windowOn(whole, lanes, w, near, unit, kit, ready);
      if (window) insert(windows, window);
    }
  return windows;
}

/** The same, kept in the first worlds: a moving hand asks for those again and again. @type {typeof windowsOn} */
function keptWindows(whole, lanes, w, standing, lane) {
  if (w >= SKETCHED_WHOLE) return windowsOn(whole, lanes, w, standing, lane);
  return (standing.kept[lane] ??= windowsOn(whole, lanes, w, standing, lane));
}

/** Put a window where its unit has its turn: by preference, by opening, by number. @param {Window[]} windows @param {Window} window */
function insert(windows, window) {
  let at = windows.length;
  while (at > 0) {
    const ahead = windows[at - 1];
    if ((ahead.kit.rank - window.kit.rank || ahead.opening - window.opening || ahead.unit - window.unit) < 0) break;
    at -= 1;
  }
  windows.splice(at, 0, window);
}

/** Work arrays: windows that are not over and how ready their units are; of those asked the window and who fires. */
const open = new Int32Array(1024);
const up = new Float64Array(1024);
const fires = new Int32Array(1024);
const shares = new Float64Array(1024);

/**
 * Chance that a threat gets past the units with these windows. A unit that was asked and did not kill is less likely to
 * be ready, by Bayes' rule, as if units were independent; between looks lies the mean flight of whoever fired.
 * @param {Window[]} windows
 */
export function passLane(windows) {
  let alive = 1;
  let now = NEVER;
  let left = windows.length;
  for (let i = 0; i < left; i++) {
    open[i] = i;
    up[i] = windows[i].ready;
    now = Math.min(now, windows[i].opening);
  }
  while (now < NEVER) {
    let turn = 1;
    let fired = 0;
    let kills = 0;
    let held = 0;
    let soonest = NEVER;
    let asked = 0;
    let still = 0;
    for (let j = 0; j < left; j++) {
      const i = open[j];
      const window = windows[i];
      if (window.closing < now) continue;
      open[still++] = i;
      if (window.opening > now) {
        soonest = Math.min(soonest, window.opening);
        continue;
      }
      const share = turn * up[i];
      fires[asked] = i;
      shares[asked++] = share;
      fired += share;
      kills += share * window.kit.kill;
      held += share * window.kit.flight;
      turn -= share;
    }
    left = still;
    if (fired <= 0) {
      now = soonest;
      continue;
    }
    if (kills < 1) {
      let ahead = 1;
      let before = 0;
      const survived = 1 / (1 - kills);
      for (let j = 0; j < asked; j++) {
        const lived = 1 - windows[fires[j]].kit.kill;
        up[fires[j]] *= (before + ahead * lived) * survived;
        before += shares[j] * lived;
        ahead -= shares[j];
      }
    }
    alive *= 1 - kills;
    const look = now + Math.max(1, rint(held / fired));
    now = fired < SELDOM ? Math.min(look, soonest) : look;
  }
  return alive;
}

/**
 * The baseline of a world.
 * @param {Whole} whole
 * @param {Lanes} lanes
 * @param {number} w
 * @returns {Standing}
 */
function standingOf(whole, lanes, w) {
  const known = whole.standing[w];
  if (known) return known;
  const { a } = whole;
  const { inside, step, variants, weight } = lanes.held;
  const width = a.stand_kind.length / a.factor.length;
  /** @type {Standing["units"]} */
  const units = Array.from(lanes.bySite, () => []);
  for (let u = 0; u < width; u++) {
    const kind = a.stand_kind[w * width + u];
    if (kind === 255) continue;
    const ready = a.stand_ready[w * whole.kinds + kind];
    units[a.stand_site[w * width + u]].push({ unit: u, kit: kitOf(whole, w, kind), ready });
  }
  const most = inside.reduce((one, other) => Math.max(one, other), 0) + 1;
  /** @param {number} density */
  const past = (density) => Float64Array.from({ length: most }, (_, steps) => 1 + Math.expm1(-density * (steps * step)));
  const pastDrones = past(a.layer_drone[w]);
  const drones = new Float64Array(lanes.bySite.length);
  for (let lane = 0; lane < lanes.length.length; lane++) {
    const [p, area] = endsOf(lanes.held, lane);
    drones[p] += (weight.drone[area] * pastDrones[inside[lane]]) / variants;
  }
  const passing = new Float64Array(lanes.length.length).fill(NaN);
  return (whole.standing[w] = { units, kept: [], passing, left: past(a.layer_cruise[w]), drones });
}

/**
 * Chance to get past the baseline's units on a lane.
 * @param {Whole} whole
 * @param {Lanes} lanes
 * @param {number} w
 * @param {Standing} standing
 * @param {number} lane
 */
function bareOn(whole, lanes, w, standing, lane) {
  const { passing } = standing;
  if (Number.isNaN(passing[lane])) passing[lane] = passLane(windowsOn(whole, lanes, w, standing, lane));
  return passing[lane];
}

/** Share of the rounds wanted in a month that there are. @param {number} rounds @param {number} wanted */
const lasts = (rounds, wanted) => Math.min(1, rounds / Math.max(wanted, NOTHING));

/**
 * Chance that a unit is ready for cruise missiles and has rounds for them: what passes the baseline asks for them.
 * @param {Whole} whole
 * @param {Lanes} lanes
 * @param {number} w
 * @param {Standing} standing
 * @param {number} kind
 * @param {number} site
 * @param {number} ready
 */
function stocked(whole, lanes, w, standing, kind, site, ready) {
  const { a, kinds, mix } = whole;
  const { variants, weight } = lanes.held;
  const { radius } = kitOf(whole, w, kind);
  let flown = 0;
  for (const { lane, approach } of lanes.bySite[site]) {
    if (approach >= radius) continue;
    const [p, area] = endsOf(lanes.held, lane);
    flown += mix.cruise[w * lanes.bySite.length + p] * (weight.cruise[area] / variants) * bareOn(whole, lanes, w, standing, lane);
  }
  const rounds = a.ready_air[w * kinds + kind] + a.stock_area[w];
  return ready * lasts(rounds, ready * a.salvo_cruise[w] * a.launched_cruise[w] * flown);
}

/**
 * (n, w, c) chance that a cruise missile, and that a drone, aimed at a place gets through, with the first n units.
 * @param {Whole} whole
 * @param {Lanes} lanes
 * @param {Theatre} theatre
 * @param {number} count worlds worked on: the first so many
 * @param {Setting} setting
 * @param {Plan} plan
 * @param {{classes: string[], area: boolean}} goal
 * @param {number[]} counted places
 */
export function leaks(whole, lanes, theatre, count, setting, plan, { classes, area }, counted) {
  const size = (plan.systems.length + 1) * count * counted.length;
  const cruise = new Float64Array(size);
  const drone = new Float64Array(size);
  const { variants, areas, weight, inside } = lanes.held;
  const ways = areas.length * variants;
  const flown = areas.flatMap((_, at) => (weight.cruise[at] > 0 ? Array.from({ length: variants }, (_, v) => at * variants + v) : []));
  const wanted = new Uint8Array(lanes.length.length);
  for (const p of counted) for (const way of flown) wanted[p * ways + way] = 1;
  const near = Array.from(plan.sites, (site) => lanes.bySite[site].filter(({ lane }) => wanted[lane] === 1));
  const passing = new Float64Array(lanes.length.length);
  const past = new Float64Array(theatre.x.length);
  const fly = classes.includes("cruise");
  for (let w = 0; w < count; w++) {
    const standing = standingOf(whole, lanes, w);
    /** @type {Map<number, Window[]>} lanes on which added units have windows */
    const windows = new Map();
    past.fill(1);
    if (fly) for (let lane = 0; lane < wanted.length; lane++) if (wanted[lane]) passing[lane] = bareOn(whole, lanes, w, standing, lane);
    /** @param {number} n */
    const tell = (n) => {
      for (let c = 0; c < counted.length; c++) {
        const at = (n * count + w) * counted.length + c;
        drone[at] = standing.drones[counted[c]] * past[counted[c]];
        if (!fly) continue;
        let through = 0;
        for (const way of flown) {
          const lane = counted[c] * ways + way;
          through += weight.cruise[Math.floor(way / variants)] * standing.left[inside[lane]] * passing[lane];
        }
        cruise[at] = through / variants;
      }
    };
    tell(0);
    for (let n = 0; n < plan.systems.length; n++) {
      const kind = plan.systems[n];
      const ready = setting.ready ?? whole.a.ready_added[w * whole.kinds + kind];
      const kit = kitOf(whole, w, kind);
      if (fly && kit.radius > 0) {
        const often = area ? stocked(whole, lanes, w, standing, kind, plan.sites[n], ready) : ready;
        for (const each of near[n]) {
          const window = windowOn(whole, lanes, w, each, ADDED + n, kit, often);
          if (!window) continue;
          let list = windows.get(each.lane);
          if (!list) windows.set(each.lane, (list = [...keptWindows(whole, lanes, w, standing, each.lane)]));
          insert(list, window);
          passing[each.lane] = passLane(list);
        }
      }
      meetDrones(whole, theatre, standing, past, w, kind, plan.sites[n], ready, area);
      tell(n + 1);
    }
  }
  return { cruise, drone };
}

/**
 * Have a unit meet the drones aimed at places within its reach, as often as its rounds last.
 * @param {Whole} whole
 * @param {Theatre} theatre
 * @param {Standing} standing
 * @param {Float64Array} past (p) chance to get past the added units, changed here
 * @param {number} w
 * @param {number} kind
 * @param {number} site
 * @param {number} ready
 * @param {boolean} area whether its rounds count
 */
function meetDrones({ a, kinds, mix }, theatre, { drones }, past, w, kind, site, ready, area) {
  const at = w * kinds + kind;
  if (!(a.kill_drone[at] > 0)) return;
  const { place, apart } = theatre.near[site];
  let comes = 0;
  let reached = 0;
  for (; reached < place.length && apart[reached] <= a.radius_drone[at]; reached++) {
    const p = place[reached];
    comes += mix.drone[w * past.length + p] * drones[p] * past[p];
  }
  const often = area ? lasts(a.stock_drone[at], ready * a.launched_drone[w] * comes) : 1;
  for (let i = 0; i < reached; i++) past[place[i]] *= 1 - ready * a.kill_drone[at] * often;
}
