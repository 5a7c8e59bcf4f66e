"""Rivals of the kernel: a SimPy process model, a plain heapq loop, and the loop in C++ where there is a compiler."""

from __future__ import annotations

import ctypes
import heapq
import random
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray
from reference import PRIORITY, Case, Ints, base_pairs

WORD = 1 << 32
STREAM_OUTAGE, STREAM_KILL = 3, 16
COMPILERS = ("g++", "clang++")
SOURCE = Path(__file__).with_name("raid.cpp")


class Fought(NamedTuple):
    """One raid fought: (threat,) killed, rounds fired, engagements committed, times the loop looked at a threat."""

    killed: list[bool]
    fired: int
    engagements: int
    events: int


# --- SimPy: a process a threat -------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A unit that a threat can be engaged by, from its own zero."""

    unit: int
    open: int
    close: int
    flight: int
    preference: int


Request = simpy.resources.resource.PriorityRequest


class Battery(simpy.PriorityResource):
    """A fire unit: its capacity is its channels, and a channel is granted only while a round is on the launcher."""

    def __init__(self, env: simpy.Environment, row: list[int], stock: int, *, down: bool) -> None:
        super().__init__(env, capacity=row[0])
        _channels, self.ready, self.reload, self.salvo, _outage, _outage_id, self.kind, _supply = row
        self.stock = stock
        if down:
            self.ready = self.stock = 0

    def grants(self, rank: tuple[int, int], held: Request | None) -> bool:
        """Whether a request of this rank would be granted now, by someone about to give up the channel `held`."""
        mine = held is not None and held.resource is self
        if self.ready == 0 or self.count - mine >= self.capacity:
            return False
        return not (self.queue and self.queue[0].priority < rank)

    def _do_put(self, event: Request) -> bool | None:
        if self.ready == 0:
            return False
        granted = super()._do_put(event)
        if event.triggered:
            # Rounds are set aside with the channel, or two threats granted in one tick would share them.
            event.rounds = min(self.salvo, self.ready)
            self.ready -= event.rounds
        return granted

    def put_back(self, event: Request) -> None:
        """Give up a channel without firing."""
        self.ready += event.rounds
        self.release(event)

    def reload_rounds(self, rounds: int) -> Generator[simpy.Event, None, None]:
        """Bring rounds from the store to the launchers."""
        self.stock -= rounds
        yield self._env.timeout(self.reload)
        self.ready += rounds
        self._trigger_put(None)


class Defence:
    """The raid as a SimPy model: threats are processes, units are resources."""

    def __init__(self, case: Case, seed: int) -> None:
        self.env = simpy.Environment()
        self.random = random.Random(seed)  # noqa: S311 - chance in a model
        self.fired = self.engagements = 0
        self.chance = (case.kill / WORD).tolist()
        rows = case.units[: case.active].tolist()
        self.batteries = [
            Battery(self.env, row, stock, down=self.random.random() * WORD < row[4])
            for row, stock in zip(rows, case.stock.tolist(), strict=False)
        ]
        self.killed = [False] * len(case.threats)

    def threat(
        self, number: int, cls: int, rank: tuple[int, int], pairs: list[Pair]
    ) -> Generator[simpy.Event, None, None]:
        """Fly; whenever a unit can engage, be engaged by it; look; until killed or out of everyone's reach."""
        env, held = self.env, None
        while pairs := [pair for pair in pairs if pair.close >= env.now]:
            reach = [pair for pair in pairs if pair.open <= env.now]
            pair, request = yield from self.channel(rank, pairs, reach, held)
            held = request
            if request is None:
                continue
            battery = self.batteries[pair.unit]
            self.fired += request.rounds
            self.engagements += 1
            if battery.stock:
                env.process(battery.reload_rounds(min(request.rounds, battery.stock)))
            chance = self.chance[cls][battery.kind]
            yield env.timeout(pair.flight)
            if any(self.random.random() < chance for _ in range(request.rounds)):
                self.killed[number] = True
                break
        if held is not None:
            held.resource.release(held)

    def channel(
        self, rank: tuple[int, int], pairs: list[Pair], reach: list[Pair], held: Request | None
    ) -> Generator[simpy.Event, None, tuple[Pair | None, Request | None]]:
        """Wait for a channel of a unit in reach, or for the next moment at which reach changes.

        The channel held so far is given up after asking anew, so that a threat that was missed competes for it too.
        """
        env, batteries = self.env, self.batteries
        free = [pair for pair in reach if batteries[pair.unit].grants(rank, held)]
        if free:
            reach = [min(free, key=_preferred)]
        asked = {batteries[pair.unit].request(priority=rank): pair for pair in reach}
        if held is not None:
            held.resource.release(held)
        if free:
            ((request, pair),) = asked.items()
            yield request
            return pair, request
        turn = min([pair.open for pair in pairs if pair.open > env.now] + [pair.close + 1 for pair in reach])
        yield env.any_of([*asked, env.timeout(turn - env.now)])
        granted = sorted((option for option in asked.items() if option[0].triggered), key=lambda o: _preferred(o[1]))
        for request in asked:
            if not request.triggered:
                request.cancel()
        for request, pair in granted[1:]:
            batteries[pair.unit].put_back(request)
        return (granted[0][1], granted[0][0]) if granted else (None, None)

    def arrive(self, number: int, row: list[int], pairs: list[Pair]) -> Generator[simpy.Event, None, None]:
        """Launch a threat when its tick has come."""
        _night, cls, identity, _place, _lane, tick = row
        yield self.env.timeout(tick)
        rank = (int(PRIORITY[cls]), identity)
        shifted = [pair._replace(open=pair.open + tick, close=pair.close + tick) for pair in pairs]
        yield from self.threat(number, cls, rank, shifted)


def _preferred(pair: Pair) -> tuple[int, int, int]:
    return pair.preference, pair.open, pair.unit


def lanes_of(case: Case) -> list[list[Pair]]:
    """Pairs of the base laydown a lane."""
    pairs = [Pair(*row) for row in case.pairs.tolist()]
    ends = case.pointer.tolist()
    return [[pair for pair in pairs[begin:end] if pair.unit < case.active] for begin, end in pairwise(ends)]


def fight_simpy(case: Case, lanes: list[list[Pair]], seed: int) -> Fought:
    """Fight the raid once as a SimPy model with a random generator of its own."""
    defence = Defence(case, seed)
    for number, row in enumerate(case.threats.tolist()):
        defence.env.process(defence.arrive(number, row, lanes[row[4]]))
    defence.env.run()
    return Fought(defence.killed, defence.fired, defence.engagements, 0)


# --- a plain loop over a heap ---------------------------------------------------------------------------------------


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 (Salmon et al., SC 2011) on Python integers."""
    a, b, c, d = counter
    x, y = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (p1 >> 32) ^ b ^ x, p1 & 0xFFFFFFFF, (p0 >> 32) ^ d ^ y, p0 & 0xFFFFFFFF
        x, y = (x + 0x9E3779B9) & 0xFFFFFFFF, (y + 0xBB67AE85) & 0xFFFFFFFF
    return a, b, c, d


@dataclass(slots=True)
class Unit:
    """A fire unit during a raid: when each channel is free, when each round is on the launcher (both sorted)."""

    channels: list[int]
    rounds: list[int]
    stock: int
    reload: int
    salvo: int
    kind: int

    def free(self) -> int | None:
        """First tick with a channel and a round."""
        return max(self.channels[0], self.rounds[0]) if self.channels and self.rounds else None

    def fire(self, at: int, flight: int) -> int:
        """Take a channel until intercept and the rounds of a salvo; how many."""
        heapq.heapreplace(self.channels, at + flight)
        fired = 0
        while fired < self.salvo and self.rounds and self.rounds[0] <= at:
            heapq.heappop(self.rounds)
            fired += 1
        for _ in range(min(fired, self.stock)):
            self.stock -= 1
            heapq.heappush(self.rounds, at + self.reload)
        return fired


class Loop:
    """The event rule as a loop over a heap of threats, keyed by the earliest launch each could have."""

    def __init__(self, case: Case, lanes: list[list[Pair]], run: int, key: tuple[int, int]) -> None:
        self.run, self.key = run, key
        self.lanes, self.kill = lanes, case.kill.tolist()
        self.threats = case.threats.tolist()
        rows = case.units[: case.active].tolist()
        self.units = [
            Unit([0] * row[0], [] if self.down(row) else [0] * row[1], stock, row[2], row[3], row[6])
            for row, stock in zip(rows, case.stock.tolist(), strict=False)
        ]

    def down(self, row: list[int]) -> bool:
        """Whether a unit is out for the night."""
        return philox((self.run, 0, STREAM_OUTAGE, row[5] >> 2), self.key)[row[5] & 3] < row[4]

    def choose(self, lane: int, tick: int, looked: int) -> tuple[int, Pair] | None:
        """Earliest launch and the pair that has it; ties by preference, window start, unit."""
        options: list[tuple[int, int, int, int, Pair]] = []
        for pair in self.lanes[lane]:
            free = self.units[pair.unit].free()
            if free is not None:
                at = max(tick + pair.open, looked, free)
                if at <= tick + pair.close:
                    options.append((at, *_preferred(pair), pair))
        if not options:
            return None
        best = min(options)
        return best[0], best[4]

    def fight(self) -> Fought:
        """Commit the smallest (launch, priority, id) until nothing is feasible."""
        killed, looked, shots = ([start] * len(self.threats) for start in (False, 0, 0))
        fired = events = 0
        heap: list[tuple[int, int, int, int]] = []
        for number, (_night, cls, identity, _place, lane, tick) in enumerate(self.threats):
            if self.lanes[lane]:
                first = tick + min(pair.open for pair in self.lanes[lane])
                heap.append((first, int(PRIORITY[cls]), identity, number))
        heapq.heapify(heap)
        while heap:
            bound, priority, identity, number = heap[0]
            _night, cls, _identity, _place, lane, tick = self.threats[number]
            events += 1
            choice = self.choose(lane, tick, looked[number])
            if choice is None:
                heapq.heappop(heap)
                continue
            at, pair = choice
            if at > bound:
                heapq.heapreplace(heap, (at, priority, identity, number))
                continue
            unit = self.units[pair.unit]
            rounds = unit.fire(at, pair.flight)
            looked[number] = at + pair.flight
            killed[number] = self.hit(identity, shots[number], rounds, self.kill[cls][unit.kind])
            fired += rounds
            shots[number] += 1
            if killed[number]:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (looked[number], priority, identity, number))
        return Fought(killed, fired, sum(shots), events)

    def hit(self, identity: int, shot: int, rounds: int, chance: int) -> bool:
        """Whether any round of an engagement kills."""
        words: list[int] = []
        for block in range((rounds + 3) // 4):
            words += philox((self.run, identity, STREAM_KILL + 2 * shot + block, 0), self.key)
        return any(word < chance for word in words[:rounds])


def fight_heapq(case: Case, lanes: list[list[Pair]], run: int, key: tuple[int, int]) -> Fought:
    """Fight the raid once as a plain loop, with the kernel's draws: the same bits."""
    return Loop(case, lanes, run, key).fight()


# --- C++ ------------------------------------------------------------------------------------------------------------


def compiler() -> str | None:
    """Path of a C++ compiler, if the machine has one."""
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


class Translation:
    """The loop in C++, compiled into `folder` for a kind of processor; without a compiler, what is there already."""

    def __init__(self, folder: Path, command: str | None = None, march: str = "native") -> None:
        target = folder / "raid.so"
        options = ["-O3", f"-march={march}", "-std=c++17", "-shared", "-fPIC"]
        if command is not None:
            subprocess.run([command, *options, str(SOURCE), "-o", str(target)], check=True)
        self._run = ctypes.CDLL(str(target)).fight_runs
        self._run.restype = None

    def fight(self, case: Case, first: int, runs: int, key: Ints) -> tuple[NDArray[np.uint8], Ints]:
        """Fight the raid in runs from `first`: (run, threat) killed; (run, 3) rounds fired, engagements, steps."""
        count = len(case.threats)
        killed, tally = np.zeros((runs, count), dtype=np.uint8), np.zeros((runs, 3), dtype=np.int64)
        pointer, pairs = base_pairs(case)
        arguments = (
            first, runs, key, case.threats, count, pointer, pairs, case.units, case.stock, case.active, case.kill,
            case.kill.shape[1], killed, tally,
        )  # fmt: skip
        self._run(
            *(
                argument.ctypes.data_as(ctypes.c_void_p)
                if isinstance(argument, np.ndarray)
                else ctypes.c_int64(argument)
                for argument in arguments
            )
        )
        return killed, tally
