"""The sample feed: a function of the moment."""

from agent.news.demo import COUNT, INTERVAL_S, headlines
from agent.news.headline import identity

NOW_S = 1_800_000_000.0


def test_the_same_moment_gives_the_same_feed() -> None:
    assert headlines("demo", "", NOW_S) == headlines("demo", "", NOW_S)


def test_it_shows_the_newest_first_and_none_of_the_future() -> None:
    shown = headlines("demo", "", NOW_S)
    moments = [headline.published_s or 0.0 for headline in shown]
    assert len(shown) == COUNT
    assert moments == sorted(moments, reverse=True)
    assert NOW_S - INTERVAL_S < moments[0] <= NOW_S


def test_one_interval_later_one_headline_is_new() -> None:
    before = {identity(headline) for headline in headlines("demo", "", NOW_S)}
    after = {identity(headline) for headline in headlines("demo", "", NOW_S + INTERVAL_S)}
    assert len(after - before) == len(before - after) == 1


def test_both_languages_come_unless_one_is_asked_for() -> None:
    assert {headline.lang for headline in headlines("demo", "", NOW_S)} == {"ko", "en"}
    assert {headline.lang for headline in headlines("demo", "ko", NOW_S)} == {"ko"}


def test_every_template_can_be_filled() -> None:
    for number in range(300):
        for lang in ("ko", "en"):
            assert "{" not in headlines("demo", lang, NOW_S + number * INTERVAL_S)[0].title


def test_no_title_comes_twice_at_once() -> None:
    for number in range(100):
        for lang in ("", "ko", "en"):
            titles = [headline.title for headline in headlines("demo", lang, NOW_S + number * INTERVAL_S)]
            assert len(set(titles)) == len(titles)
