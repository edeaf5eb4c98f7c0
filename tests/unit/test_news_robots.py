"""What a robots.txt forbids."""

import pytest

from agent.news.robots import allows

URL = "https://news.example/rank/list?page=1"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /rank", False),
        ("User-agent: *\nDisallow: /other", True),
        ("User-agent: moss\nDisallow: /\n\nUser-agent: *\nDisallow:", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: moss\nAllow: /rank/", True),
        ("User-agent: other\nDisallow: /", True),
        ("<html>no robots here</html>", True),
        ("\x00\ufffd:\n:::\nUser-agent", True),
    ],
)
def test_a_robots_txt_is_heeded(text: str, allowed: bool) -> None:  # noqa: FBT001 - pytest passes it
    assert allows(text, URL) is allowed
