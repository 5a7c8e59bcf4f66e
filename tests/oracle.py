"""The event rule of a raid night, written a second time and naively: the oracle for the compiled kernel.

Nothing is shared with the product and nothing is clever. Every step looks at all (threat, pair) combinations afresh and
commits the one with the smallest key; every round is one entry in a list with the tick at which it is ready. Python
integers only, times in ticks of 0.1 s from the start of the night.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORD = 1 << 32
MOST_SALVO = 8


def philox(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 of Salmon et al. (SC 2011): four 32-bit words from four counter words and two key words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        left, right = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (right // WORD) ^ c1 ^ k0, right % WORD, (left // WORD) ^ c3 ^ k1, left % WORD
        k0, k1 = (k0 + 0x9E3779B9) % WORD, (k1 + 0xBB67AE85) % WORD
    return c0, c1, c2, c3


@dataclass(frozen=True)
class Threat:
    id: int  # counted through the whole run, not only the night: it is part of the random counter
    lane: int
    launch: int
    priority: int  # place of its class in (ballistic, supersonic, cruise, s300_ground, drone)


@dataclass(frozen=True)
class Pair:
    unit: int
    open: int  # after the threat's launch
    close: int  # after the threat's launch, inclusive
    flight: int
    kill: int  # a round kills if its draw is below this
    preference: int


@dataclass(frozen=True)
class Unit:
    channels: int
    ready: int  # rounds on full launchers
    reload: int
    stock: int  # rounds in store at the start of a run
    salvo: int


class Rounds(NamedTuple):
    """What a unit holds between nights."""

    ready: int
    stock: int


class Shot(NamedTuple):
    """One committed engagement."""

    at: int
    threat: int
    unit: int
    rounds: int


class Night(NamedTuple):
    threats: Sequence[Threat]
    down: Sequence[bool]


class Result(NamedTuple):
    killed: dict[int, bool]  # by threat id
    shots: dict[int, int]  # engagements by threat id
    log: list[Shot]  # in order of commitment
    state: list[Rounds]  # by unit, at the end of the night


def fresh(units: Sequence[Unit]) -> list[Rounds]:
    return [Rounds(unit.ready, unit.stock) for unit in units]


def round_draw(threat: int, engagement: int, number: int, run: int, seed: int) -> int:
    """The draw of a round (counted from 0) of an engagement of a threat (counted from 0)."""
    block, word = divmod(number, 4)
    return philox((run, threat, 16 + engagement * 2 + block, 0), (seed % WORD, seed // WORD))[word]


def kills(shot: Shot, engagement: int, kill: int, run: int, seed: int) -> bool:
    """Whether any round of a threat's engagement (counted from 0) kills."""
    return any(round_draw(shot.threat, engagement, number, run, seed) < kill for number in range(shot.rounds))


def launch(threat: Threat, pair: Pair, look: int, free: int) -> int | None:
    """Return the first tick at which the pair's unit could launch; None if the window is closed by then."""
    at = max(threat.launch + pair.open, look, free)
    return at if at <= threat.launch + pair.close else None


def rank(at: int, threat: Threat, pair: Pair) -> tuple[int, ...]:
    """Of all possible engagements the one with the smallest of these is committed."""
    return at, threat.priority, threat.id, pair.preference, threat.launch + pair.open, pair.unit


def fights(unit: int, active_units: int, down: Sequence[bool]) -> bool:
    """Whether a unit is there and up."""
    return unit < active_units and not down[unit]


def next_look(shot: Shot, pair: Pair) -> int:
    """A threat is engaged again when the result is known, not before."""
    return shot.at + pair.flight


class Battery:
    """A unit during a night: when each channel is free, when each round is ready."""

    def __init__(self, unit: Unit, rounds: Rounds) -> None:
        assert 1 <= unit.salvo <= MOST_SALVO
        self.unit = unit
        self.channels = [0] * unit.channels
        self.rounds = [0] * rounds.ready
        self.stock = rounds.stock

    def free(self) -> int | None:
        """Return the first tick with a free channel and a round; None if there is never one."""
        if not self.channels or not self.rounds:
            return None
        return max(min(self.channels), min(self.rounds))

    def fire(self, at: int, flight: int) -> int:
        """Fire at a tick; how many rounds left."""
        assert min(self.channels) <= at
        self.channels.remove(min(self.channels))
        self.channels.append(at + flight)
        fired = self.salvo(at)
        self.rounds = sorted(self.rounds)[fired:]
        for _ in range(fired):
            if self.stock > 0:
                self.stock -= 1
                self.rounds.append(at + self.unit.reload)
        return fired

    def salvo(self, at: int) -> int:
        """No more rounds than are ready."""
        return min(self.unit.salvo, len([ready for ready in self.rounds if ready <= at]))

    def morning(self) -> Rounds:
        """Pending reloads complete, launchers are topped up from stock."""
        held = len(self.rounds)
        added = min(self.stock, self.unit.ready - held)
        return Rounds(held + added, self.stock - added)


def night(  # noqa: PLR0917 - all that a night is made of
    threats: Sequence[Threat],
    pairs_by_lane: Mapping[int, Sequence[Pair]],
    units: Sequence[Unit],
    state: Sequence[Rounds],
    down: Sequence[bool],
    active_units: int,
    run: int,
    seed: int,
) -> Result:
    """Fight one night; units from ``active_units`` on are not there."""
    batteries = [Battery(unit, rounds) for unit, rounds in zip(units, state, strict=True)]
    killed = {threat.id: False for threat in threats}
    shots = {threat.id: 0 for threat in threats}
    look = {threat.id: 0 for threat in threats}
    assert len(killed) == len(threats), "threat ids are unique"
    log: list[Shot] = []
    while True:
        feasible: list[tuple[int, Threat, Pair]] = []
        for threat in threats:
            for pair in pairs_by_lane.get(threat.lane, ()):
                if killed[threat.id] or not fights(pair.unit, active_units, down):
                    continue
                free = batteries[pair.unit].free()
                at = None if free is None else launch(threat, pair, look[threat.id], free)
                if at is not None:
                    feasible.append((at, threat, pair))
        if not feasible:
            return Result(killed, shots, log, [battery.morning() for battery in batteries])
        at, threat, pair = min(feasible, key=lambda option: rank(*option))
        shot = Shot(at, threat.id, pair.unit, batteries[pair.unit].fire(at, pair.flight))
        log.append(shot)
        killed[threat.id] = kills(shot, shots[threat.id], pair.kill, run, seed)
        shots[threat.id] += 1
        look[threat.id] = next_look(shot, pair)


def campaign(
    nights: Sequence[Night],
    pairs_by_lane: Mapping[int, Sequence[Pair]],
    units: Sequence[Unit],
    active_units: int,
    run: int,
    seed: int,
) -> list[Result]:
    """Fight the nights of a run in order; ready rounds and stock carry over."""
    ids = [threat.id for raid in nights for threat in raid.threats]
    if len(set(ids)) < len(ids):
        message = "threat ids repeat within the run: two threats would share their draws"
        raise ValueError(message)
    state: Sequence[Rounds] = fresh(units)
    results: list[Result] = []
    for raid in nights:
        results.append(night(raid.threats, pairs_by_lane, units, state, raid.down, active_units, run, seed))
        state = results[-1].state
    return results
