"""When evaluations fall due: a grid over the market's day, and the session in which it counts."""

from datetime import timezone
from typing import NamedTuple

from agent.clock import DAY_S


class Hours(NamedTuple):
    """When evaluations fall due: each `every_s` of the market's day, from `open_s` up to but not at `close_s` of it."""

    every_s: int
    open_s: int
    close_s: int
    zone: timezone

    def is_open(self, end_s: int) -> bool:
        """Tell whether a minute that ends then lies in the session; equal bounds mean round the clock."""
        of_day_s = (end_s + self.offset_s) % DAY_S
        if self.open_s <= self.close_s:
            return self.open_s == self.close_s or self.open_s <= of_day_s < self.close_s
        return of_day_s >= self.open_s or of_day_s < self.close_s

    @property
    def offset_s(self) -> int:
        """How far the zone is ahead of UTC."""
        return int(self.zone.utcoffset(None).total_seconds())
