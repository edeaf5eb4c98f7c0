"""The numbers of records in a stream that has to be sound."""

from pathlib import Path

from store import scan


def numbers(path: Path) -> list[int]:
    """Return each record's `n`, in the order they are read; a damaged line is a failure."""

    def no_damage(damage: object) -> None:
        raise AssertionError(damage)

    return [found["n"] for found in scan(path, on_damage=no_damage)]
