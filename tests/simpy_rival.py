"""A raid as an analyst would write it: a SimPy process a threat, a resource a unit, a random generator of its own.

It shares no code and no draws with the kernel, and must be equal to it in distribution.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from itertools import pairwise
from typing import NamedTuple

import simpy
from reference_raid import PRIORITY, Case

WORD = 1 << 32


class Pair(NamedTuple):
    """A unit that a threat can be engaged by, from its own zero."""

    unit: int
    open: int
    close: int
    flight: int
    preference: int
    kind: int


Request = simpy.resources.resource.PriorityRequest


class Battery(simpy.PriorityResource):
    """A fire unit: its capacity is its channels, and a channel is granted only while a round is on the launcher."""

    def __init__(self, env: simpy.Environment, row: tuple[int, ...], stock: int, *, down: bool) -> None:
        channels, self.ready, self.reload, self.salvo, _outage, _outage_id = row
        super().__init__(env, capacity=channels)
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
        self.fired = 0
        self.chance = (case.kill / WORD).tolist()
        self.batteries = [
            Battery(self.env, row.item(), stock, down=self.random.random() * WORD < row["outage"])
            for row, stock in zip(case.units, case.stock.tolist(), strict=True)
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
            if battery.stock:
                env.process(battery.reload_rounds(min(request.rounds, battery.stock)))
            chance = self.chance[cls][pair.kind]
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

    def arrive(self, number: int, row: tuple[int, ...], pairs: list[Pair]) -> Generator[simpy.Event, None, None]:
        """Launch a threat when its tick has come."""
        _night, cls, identity, _place, _lane, tick = row
        yield self.env.timeout(tick)
        rank = (int(PRIORITY[cls]), identity)
        shifted = [pair._replace(open=pair.open + tick, close=pair.close + tick) for pair in pairs]
        yield from self.threat(number, cls, rank, shifted)


def _preferred(pair: Pair) -> tuple[int, int, int]:
    return pair.preference, pair.open, pair.unit


def lanes_of(case: Case) -> list[list[Pair]]:
    """Pairs a lane."""
    pairs = [Pair(*row) for row in case.pairs.tolist()]
    return [pairs[begin:end] for begin, end in pairwise(case.pointer.tolist())]


def fight_simpy(case: Case, lanes: list[list[Pair]], seed: int) -> tuple[list[bool], int]:
    """Fight the raid once as a SimPy model with a random generator of its own: (threat,) killed; rounds fired."""
    defence = Defence(case, seed)
    for number, threat in enumerate(case.threats):
        defence.env.process(defence.arrive(number, threat.item(), lanes[threat["lane"]]))
    defence.env.run()
    return defence.killed, defence.fired
