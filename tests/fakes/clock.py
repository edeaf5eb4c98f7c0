"""A clock that moves only when a test moves it."""


class ManualClock:
    """A clock that moves only when it is slept on or set."""

    def __init__(self, now_s: float) -> None:
        self.wall_s = now_s
        self.elapsed_s = 0.0

    def now_s(self) -> float:
        return self.wall_s

    def monotonic_s(self) -> float:
        return self.elapsed_s

    def sleep_s(self, duration_s: float) -> None:
        self.wall_s += max(0.0, duration_s)
        self.elapsed_s += max(0.0, duration_s)
