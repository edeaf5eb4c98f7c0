"""Lines, bands and marks over one time axis, as SVG that stands in a page by itself."""

from collections.abc import Iterable, Sequence
from html import escape

from agent.clock import HOUR_S, timestamp

WIDTH, LEFT, BOTTOM = 960, 90, 20
_TICK_S = 3 * HOUR_S

Points = Sequence[tuple[float, float]]


class Drawing:
    """One chart; what is drawn first lies under the rest.

    Arguments:
        begin_s: the left edge.
        end_s: the right edge.
        values: all that has to fit in between top and bottom.
        height: in pixels of the picture's own.
        zone_s: how far the viewer's clock is ahead of UTC.
    """

    def __init__(self, begin_s: float, end_s: float, values: Iterable[float], height: int, zone_s: float) -> None:
        found = list(values)
        self._begin_s, self._end_s, self._height, self._zone_s = begin_s, end_s, height, zone_s
        self._low, self._high = min(found, default=0.0), max(found, default=1.0)
        if self._low == self._high:
            self._low, self._high = self._low - 1, self._high + 1
        self._parts: list[str] = []

    def line(self, points: Points, style: str) -> None:
        """Draw a line through the points."""
        path = " ".join(f"{self._x(time_s)},{self._y(value)}" for time_s, value in points)
        self._parts.append(f'<polyline class="{style}" points="{path}"/>')

    def band(self, upper: Points, lower: Points, style: str) -> None:
        """Fill what lies between two lines."""
        path = " ".join(f"{self._x(time_s)},{self._y(value)}" for time_s, value in (*upper, *reversed(lower)))
        self._parts.append(f'<polygon class="{style}" points="{path}"/>')

    def stretch(self, begin_s: float, end_s: float, style: str) -> None:
        """Mark a time from top to bottom."""
        width = round(self._x(end_s) - self._x(begin_s), 1)
        height = self._height - BOTTOM
        self._parts.append(f'<rect class="{style}" x="{self._x(begin_s)}" y="0" width="{width}" height="{height}"/>')

    def mark(self, time_s: float, value: float, sign: str, style: str, text: str) -> None:
        """Put a sign at a point; its text shows when it is pointed at."""
        place = f'x="{self._x(time_s)}" y="{self._y(value)}"'
        self._parts.append(f'<text class="{style}" {place}><title>{escape(text)}</title>{escape(sign)}</text>')

    def dot(self, time_s: float, value: float, style: str, text: str) -> None:
        """Put a dot at a point; its text shows when it is pointed at."""
        place = f'cx="{self._x(time_s)}" cy="{self._y(value)}" r="3"'
        self._parts.append(f'<circle class="{style}" {place}><title>{escape(text)}</title></circle>')

    def svg(self, label: str) -> str:
        """Return the picture, with its hours below and its highest and lowest value beside it."""
        bottom = self._height - BOTTOM
        axis = [_value(self._high, 12), _value(self._low, bottom)]
        first_s = -(-(self._begin_s + self._zone_s) // _TICK_S) * _TICK_S - self._zone_s
        for number in range(int((self._end_s - first_s) // _TICK_S) + 1):
            time_s = first_s + number * _TICK_S
            hour = timestamp(time_s + self._zone_s)[11:16]
            axis.append(f'<text class="axis" x="{self._x(time_s)}" y="{self._height - 4}">{hour}</text>')
            axis.append(f'<path class="grid" d="M{self._x(time_s)} 0V{bottom}"/>')
        box = f'viewBox="0 0 {WIDTH} {self._height}" role="img" aria-label="{escape(label)}"'
        return f"<svg {box}>{''.join(axis)}{''.join(self._parts)}</svg>"

    def _x(self, time_s: float) -> float:
        return round(LEFT + (time_s - self._begin_s) / (self._end_s - self._begin_s) * (WIDTH - LEFT), 1)

    def _y(self, value: float) -> float:
        return round((self._height - BOTTOM) * (1 - (value - self._low) / (self._high - self._low)), 1)


def _value(value: float, y: int) -> str:
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return f'<text class="axis" x="4" y="{y}">{shown}</text>'
