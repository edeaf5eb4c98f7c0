"""The whole loop on a clock that only the test moves: a month passes in a minute, with every job it has."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from agent import digest
from agent.course import Course
from agent.errand import ErrandFailed, Errands
from agent.folder import DataFolder
from agent.jobs import Due
from agent.loop import First, Loop
from agent.orders import Orders
from agent.parts import plan_of
from agent.settings import Config
from agent.stop import Stop
from agent.trader import Trader
from store import scan
from tests.fakes.clock import ManualClock
from tests.unit.test_trader import FakeMarket


class LoopClock(ManualClock):
    """A manual clock that calls what is to happen at a moment, and stops the loop at the end."""

    def __init__(self, now_s: float, end_s: float, stop: Stop) -> None:
        super().__init__(now_s)
        self.end_s = end_s
        self.at: list[tuple[float, Callable[[], object]]] = []
        self._stop = stop

    def sleep_s(self, duration_s: float) -> None:
        # A pass that finds nothing to do comes round after 30 s, as the real one does.
        super().sleep_s(min(duration_s or 0.001, 30.0))
        while self.at and self.at[0][0] <= self.wall_s:
            self.at.pop(0)[1]()
        if self.wall_s >= self.end_s:
            self._stop.asked = True


class FakeErrands(Errands):
    """Errands that are done at once, in this process; what is not the digest is only noted."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()
        self.broken: set[str] = set()
        self.closings = 0
        self.arguments: dict[str, list[str]] = {}
        self._failed: list[tuple[str, Due, ErrandFailed]] = []

    def start(self, name: str, arguments: Sequence[str], due: Due) -> bool:
        self.sent[name] += 1
        self.arguments[name] = list(arguments)
        if name in self.broken:
            self._failed.append((name, due, ErrandFailed("broken on purpose")))
        elif arguments[0] == "agent.digest":
            assert digest.main(arguments[1:]) == 0
        return True

    def close(self) -> None:
        self.closings += 1

    def failures(self) -> Iterator[tuple[str, Due, ErrandFailed]]:
        found, self._failed = self._failed, []
        yield from found


class LoopBench:
    """A loop over a folder, which lives until the test's time is up."""

    def __init__(self, folder: Path, config: Config, start_s: float) -> None:
        self.folder, self.config = DataFolder(folder), config
        self.folder.prepare()
        self.stop = Stop()
        self.clock = LoopClock(start_s, start_s, self.stop)
        self.market: Any = FakeMarket()
        self.errands = FakeErrands()
        self.outbox: Any = None
        self.course = Course(config, config.path, plan_of(config))
        self.turns: list[Config] = []

    def live(self, duration_s: float, at: Sequence[tuple[float, Callable[[], object]]] = ()) -> None:
        """Let that much time pass, as one process from its start to its end.

        Arguments:
            at: what happens so many seconds after the start.
        """
        self.clock.end_s = self.clock.wall_s + duration_s
        self.clock.at = sorted(((self.clock.wall_s + after_s, act) for after_s, act in at), key=lambda pair: pair[0])
        self.stop.asked = False
        first: First | None = Trader.tell_start
        orders = Orders(self.folder.stream("events"))
        while first is not None:
            course = self.course
            self.turns.append(course.config)
            with Trader(course.config, self.folder, self.clock, self.market, course.plan) as trader:
                first = Loop(trader, self.stop, course, orders, self.errands, self.outbox).live(first)

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        return [event for event in scan(self.folder.stream("events")) if kind in ("", event["kind"])]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return list(scan(self.folder.stream(stream)))

    def counts(self, stream: str = "events") -> Counter[str]:
        return Counter(record["kind"] for record in scan(self.folder.stream(stream)))
