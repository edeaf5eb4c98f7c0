"""Which lines are read as records, while all is read as ever."""

from typing import Any

import pytest

from store import line


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each line is added that is read from now on."""
    read: list[str] = []
    decode = line._decode

    def noting(text: str) -> Any:  # noqa: ANN401 - JSON
        read.append(text)
        return decode(text)

    monkeypatch.setattr(line, "_decode", noting)
    return read
