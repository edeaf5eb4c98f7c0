"""What a robots.txt forbids."""

import time

import pytest

from agent.news.robots import SIZE_BYTES_MAX, allows

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
        ("User-agent: *\n\nDisallow: /", False),
        ("User-agent: *\nDisallow: /admin\n\nDisallow: /rank", False),
        ("\ufeffUser-agent: *\nDisallow: /", False),
        ("User-agent: *\nCrawl-delay: 5\nDisallow: /rank # all of it", False),
        ("User-Agent: other\nUser-Agent: *\nDisallow: /rank", False),
        ("User-agent: *\nDisallow: /a\nUser-agent: other\nDisallow: /rank", True),
        ("User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /rank", False),
        ("User-agent: Moss/0.1\nDisallow: /", False),
        ("User-agent: *\nDisallow: /\nAllow: /rank/", True),
        ("User-agent: *\nAllow: /\nDisallow: /rank/", False),
        ("User-agent: *\nDisallow: /rank/\nAllow: /rank/", True),
        ("User-agent: *\nDisallow: *", False),
        ("User-agent: *\nDisallow: /*?page=", False),
        ("User-agent: *\nDisallow: /rank/*", False),
        ("User-agent: *\nDisallow: /*/list$", True),
        ("User-agent: *\nDisallow: /*page=1$", False),
        ("User-agent: *\nDisallow: /rank$", True),
        ("User-agent: *\nDisallow: /%72ank/list?page=1$", False),
        ("User-agent: *\nDisallow: /*list*list", True),
        ("<html>no robots here</html>", True),
        ("\x00\ufffd:\n:::\nUser-agent", True),
    ],
)
def test_a_robots_txt_is_heeded(text: str, allowed: bool) -> None:  # noqa: FBT001 - pytest passes it
    assert allows(text, URL) is allowed


@pytest.mark.parametrize(
    "line", ["User-agent: *\n", "Disallow: /*a*a*a$\n", "*", "Disallow: /a\nUser-agent: moss\n", "a*"]
)
def test_half_a_megabyte_of_rules_takes_no_long_time(line: str) -> None:
    text = "User-agent: *\nDisallow: " + line * (SIZE_BYTES_MAX // len(line))
    began_s = time.process_time()
    allows(text, "https://news.example/" + "a" * 2_000)
    assert time.process_time() - began_s < 20
