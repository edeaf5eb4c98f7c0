"""Orders among other commands: the last pause or resume counts, whatever was asked after it."""

from pathlib import Path

import pytest

from agent.alerts import Alerts
from agent.obedience import obey
from tests.fakes.post import Post


class Told:
    """As much of a chronicle as an order needs."""

    def __init__(self, post: Post) -> None:
        self.alerts = Alerts(lambda kind, **fields: post.event(kind, **fields), post.folder.stream("events"))


@pytest.mark.parametrize(
    ("whats", "outcome"),
    [
        (["pause", "status", "help"], (True, False)),
        (["pause", "resume", "signal"], (False, False)),
        (["resume", "pause", "reload", "balance"], (True, True)),
        (["status"], (False, False)),
        ([], (False, False)),
    ],
)
def test_questions_between_orders_change_nothing(whats: list[str], outcome: tuple[bool, bool], tmp_path: Path) -> None:
    told = Told(Post(tmp_path))
    orders = [{"what": what, "by": "telegram"} for what in whats]
    reloads = obey(told, orders)  # type: ignore[arg-type]  # of a chronicle only the alerts are asked
    assert ("paused" in told.alerts.open, reloads) == outcome
