"""Pieces of SVG and HTML: every text escaped, every look a class that the page's one style sheet knows."""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

Scale = Callable[[float], float]

WIDTH = 540
"""How wide a plot is, in the units it is drawn in; the page scales it."""
LEFT, RIGHT, TOP = 52, 12, 12
LETTERS_MAX = 22


def element(name: str, content: str = "", **attributes: object) -> str:
    """Return an element; an attribute `class_` is written `class`, and `_` in names `-`."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"' for key, value in attributes.items()
    )
    return (
        f"<{name}{told}>{content}</{name}>"
        if content or name not in ("line", "rect", "path", "circle")
        else f"<{name}{told}/>"
    )


def _short(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def text(words: str, x: float, y: float, look: str = "") -> str:
    """Return a text at a place."""
    return element("text", escape(words), x=float(x), y=float(y), **({"class_": look} if look else {}))


def tip(words: str) -> str:
    """Return what is shown while the pointer rests on the element around it."""
    return element("title", escape(words))


def chart(label: str, width: int, height: int, parts: Iterable[str], look: str = "plot") -> str:
    """Return a picture that scales with the page and says what it is; one that looks "wide" scrolls on a phone."""
    return element("svg", "".join(parts), viewBox=f"0 0 {width} {height}", role="img", aria_label=label, class_=look)


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Return what maps values from low to high onto the way from start to end."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def stretched(value_s: float) -> float:
    """Return a moment as it is drawn: near the headline in minutes, far from it in days."""
    return math.copysign(math.log1p(abs(value_s) / 600), value_s)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round values between two bounds."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    rough = span / wanted
    power = 10 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [step * at for at in range(first, math.floor(high / step + 1e-9) + 1)]


def line(points: Sequence[tuple[float, float]], look: str) -> str:
    """Return a line through some points."""
    return element("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), class_=look) if points else ""


def area(tops: Sequence[tuple[float, float]], bottoms: Sequence[tuple[float, float]], look: str) -> str:
    """Return the area between two lines."""
    points = [*tops, *reversed(bottoms)]
    return element("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z", class_=look) if points else ""


def rule(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    """Return a straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=look)


def box(x: float, y: float, width: float, height: float, look: str, told: str = "") -> str:
    """Return a box with round corners, and what is said while the pointer rests on it."""
    inside = tip(told) if told else ""
    return element("rect", inside, x=float(x), y=float(y), width=width, height=float(height), rx=3, class_=look)


def levels(values: Sequence[float], y: Scale, label: Callable[[float], str]) -> str:
    """Draw the lines that the values of an axis lie on."""
    lines = [rule(LEFT, y(value), WIDTH - RIGHT, y(value), "grid") for value in values]
    return "".join(lines + [text(label(value), LEFT - 6, y(value) + 4, "end") for value in values])


def short(name: str) -> str:
    """Return a name that fits beside a plot."""
    return name if len(name) <= LETTERS_MAX else name[: LETTERS_MAX - 1] + "…"
