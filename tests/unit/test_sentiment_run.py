"""`sentiment.py run` against servers of this machine: what is stored, what is said, how it ends."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.config import parse, record_of
from store import Store, verify
from tests.fakes.feeds import Entry, FeedHost, atom, rss
from tests.fakes.scorer import one_pass, records, titles, write_config
from tests.fakes.server import LocalServer, Reply, Request

ENTRIES = [
    Entry("코스피 급락", "g2", "https://news.example/2?utm_source=rss", "Mon, 01 May 2023 09:05:00 KST"),
    Entry("Corvane profit rises", "g1", "https://news.example/1", "Mon, 01 May 2023 09:00:00 +0900"),
]


def test_every_headline_is_stored_once_over_two_runs(tmp_path: Path) -> None:
    with LocalServer(FeedHost({"/feed": rss(ENTRIES)})) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        first, second = one_pass(config, tmp_path / "data"), one_pass(config, tmp_path / "data")
    assert (first.returncode, second.returncode) == (0, 0)
    assert titles(tmp_path / "data") == ["Corvane profit rises", "코스피 급락"]
    assert [(feed["items"], feed["new"]) for feed in records(tmp_path / "data", "feeds")] == [(2, 2), (2, 0)]
    assert "2 new headlines from 1 of 1 feeds" in first.stderr
    assert "0 new headlines" in second.stderr
    assert first.stdout == ""


def test_records_have_the_contracts_fields_in_order(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with LocalServer(FeedHost({"/feed": rss(ENTRIES)})) as server:
        one_pass(write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")]), data)
    score = records(data, "sentiment")[1]
    names = "ts kind text_id story score p_neg p_neu p_pos lang source published_ts model title link"
    assert list(score) == names.split()
    assert score["score"] == round(score["p_pos"] - score["p_neg"], 4) < 0
    assert score["text_id"].startswith(score["story"] + "-")
    assert (score["published_ts"], score["lang"], score["source"]) == ("2023-05-01T00:05:00.000Z", "ko", "alder")
    feed = records(data, "feeds")[0]
    assert list(feed) == ["ts", "kind", "source", "url", "http_status", "items", "new", "shown"]
    assert feed["http_status"] == 200
    assert feed["shown"] == [found["text_id"][-8:] for found in records(data, "sentiment")][::-1]
    assert all(verify(data / f"{name}.jsonl").ok for name in ("sentiment", "feeds"))


def test_titles_and_links_stay_out_where_they_are_not_kept(tmp_path: Path) -> None:
    with LocalServer(FeedHost({"/feed": rss(ENTRIES)})) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")], "keep_titles = false")
        assert one_pass(config, tmp_path / "data").returncode == 0
    assert b"Corvane" not in (tmp_path / "data/sentiment.jsonl").read_bytes()
    assert b"news.example" not in (tmp_path / "data/sentiment.jsonl").read_bytes()


def test_each_new_headline_is_a_line_on_standard_error(tmp_path: Path) -> None:
    body = rss([Entry("Profit \x1b[31m rises\u202e", "g")]).replace(b"\x1b", b"&amp;#27;")
    with LocalServer(FeedHost({"/feed": body})) as server:
        ended = one_pass(write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")]), tmp_path / "data")
    assert re.fullmatch(r"\d\d:\d\d \+0\.\d+ \[alder\] Profit \[31m rises", ended.stderr.splitlines()[0])


def test_an_unchanged_feed_costs_one_request_that_answers_304(tmp_path: Path) -> None:
    host = FeedHost({"/feed": rss(ENTRIES)})
    host.etags["/feed"] = '"v1"'
    data = tmp_path / "data"
    with LocalServer(host) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        for _ in range(3):
            assert one_pass(config, data).returncode == 0
        asked = [(request.path, request.headers.get("if-none-match")) for request in server.requests]
        # Whether programs may read it is asked once a day.
        assert asked == [("/robots.txt", None), ("/feed", None), ("/feed", '"v1"'), ("/feed", '"v1"')]
        host.bodies["/feed"] = rss([Entry("New contract", "g3"), *ENTRIES])
        host.etags["/feed"] = '"v2"'
        assert one_pass(config, data).returncode == 0
    feeds = records(data, "feeds")
    assert [feed["http_status"] for feed in feeds] == [200, 304, 304, 200]
    assert [feed["etag"] for feed in feeds] == ['"v1"', '"v1"', '"v1"', '"v2"']
    assert [(feed["shown"] == [], feed["new"]) for feed in feeds] == [(False, 2), (True, 0), (True, 0), (False, 1)]
    assert titles(data)[2:] == ["New contract"]


def test_last_modified_is_sent_back(tmp_path: Path) -> None:
    stamp = "Mon, 01 May 2023 00:00:00 GMT"

    def answer(request: Request) -> Reply:
        if request.headers.get("if-modified-since") == stamp:
            return Reply(304)
        return Reply(200, rss(ENTRIES), {"Last-Modified": stamp})

    with LocalServer(answer) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        for _ in range(2):
            one_pass(config, tmp_path / "data")
    assert [feed["http_status"] for feed in records(tmp_path / "data", "feeds")] == [200, 304]


def test_another_address_gets_no_etag_of_the_former(tmp_path: Path) -> None:
    host = FeedHost({"/old": rss(ENTRIES), "/new": rss(ENTRIES)})
    host.etags = {"/old": '"v1"', "/new": '"v1"'}
    with LocalServer(host) as server:
        for path in ("/old", "/new"):
            one_pass(write_config(tmp_path / "moss.toml", [("alder", server.url + path)]), tmp_path / "data")
    assert [feed["http_status"] for feed in records(tmp_path / "data", "feeds")] == [200, 200]
    assert len(titles(tmp_path / "data")) == 2


def test_one_feed_down_stops_no_other(tmp_path: Path) -> None:
    host = FeedHost({"/a": rss(ENTRIES[:1]), "/b": None, "/c": atom(ENTRIES[1:]), "/d": b"<html>no</html>"})
    data = tmp_path / "data"
    with LocalServer(host) as server:
        feeds = [(name, f"{server.url}/{name}") for name in "dbac"]
        ended = one_pass(write_config(tmp_path / "moss.toml", feeds), data)
    assert ended.returncode == 0
    assert sorted(titles(data)) == sorted(entry.title for entry in ENTRIES)
    events = records(data, "events")
    assert [(event["kind"], event["what"]) for event in events] == [("error", "feed d"), ("error", "feed b")]
    assert list(events[0]) == ["ts", "kind", "class", "message", "what", "attempt"]
    assert events[0]["class"] == "Unusable"
    assert "web page" in events[0]["message"]
    assert "503" in events[1]["message"]
    assert [(feed["source"], feed["http_status"]) for feed in records(data, "feeds")] == [
        ("d", 200), ("b", 503), ("a", 200), ("c", 200),
    ]  # fmt: skip


def test_failures_of_one_feed_in_a_row_are_counted(tmp_path: Path) -> None:
    host, data = FeedHost({"/feed": None}), tmp_path / "data"
    with LocalServer(host) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        for body in (None, b"<html>no</html>", rss(ENTRIES), None):
            host.bodies["/feed"] = body
            one_pass(config, data)
    assert [event["attempt"] for event in records(data, "events")] == [1, 2, 1]
    assert [feed.get("attempt") for feed in records(data, "feeds")] == [1, 2, None, 1]


def test_a_feed_that_breaks_off_gives_what_is_whole_and_is_asked_for_the_rest(tmp_path: Path) -> None:
    whole, data = rss(ENTRIES), tmp_path / "data"
    host = FeedHost({"/feed": whole[: whole.index(b"g1")]})
    host.etags["/feed"] = '"v1"'
    with LocalServer(host) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        cut = one_pass(config, data)
        host.bodies["/feed"] = whole
        assert one_pass(config, data).returncode == 0
    assert cut.returncode == 0
    assert titles(data) == ["코스피 급락", "Corvane profit rises"]
    (event,) = records(data, "events")
    assert (event["class"], event["what"], event["attempt"]) == ("CutOff", "feed alder", 1)
    assert "1 entries of it are whole" in event["message"]
    # The same address may not be answered with 304.
    assert [(len(feed["shown"]), feed["new"], feed.get("etag")) for feed in records(data, "feeds")] == [
        (1, 1, None), (2, 1, '"v1"'),
    ]  # fmt: skip


def test_no_feed_that_can_be_reached_is_75(tmp_path: Path) -> None:
    with LocalServer(FeedHost({"/down": None})) as server:
        feeds = [("down", f"{server.url}/down"), ("gone", f"{server.url}/gone")]
        ended = one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data")
    assert ended.returncode == 75
    assert len(records(tmp_path / "data", "events")) == 2
    assert titles(tmp_path / "data") == []


def test_answers_of_which_none_is_a_feed_are_1(tmp_path: Path) -> None:
    with LocalServer(FeedHost({"/page": b"<html>no</html>", "/down": None})) as server:
        feeds = [("page", f"{server.url}/page"), ("down", f"{server.url}/down")]
        ended = one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data")
    assert ended.returncode == 1


def test_an_empty_answer_is_an_error_and_a_feed_without_entries_is_told(tmp_path: Path) -> None:
    with LocalServer(FeedHost({"/nothing": b"", "/none": rss([])})) as server:
        feeds = [("nothing", f"{server.url}/nothing"), ("none", f"{server.url}/none")]
        ended = one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data")
    assert ended.returncode == 0
    assert "nothing: the answer is empty" in ended.stderr
    assert "none: the feed has no entries" in ended.stderr


def test_a_headline_twice_in_a_feed_or_with_its_title_edited_is_stored_once(tmp_path: Path) -> None:
    one, two = Entry("Orders grow", "g1"), Entry("Orders grow", "g2")
    host = FeedHost({"/feed": rss([one, one, two])})
    with LocalServer(host) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        one_pass(config, tmp_path / "data")
        host.bodies["/feed"] = rss([one._replace(title="Orders grow fast"), two])
        one_pass(config, tmp_path / "data")
    assert titles(tmp_path / "data") == ["Orders grow", "Orders grow"]


def test_two_sources_of_one_story_keep_both_records(tmp_path: Path) -> None:
    with LocalServer(
        FeedHost({"/a": rss([Entry("[속보] 코스피 급락", "x")]), "/b": rss([Entry("코스피, 급락", "x")])})
    ) as server:
        feeds = [(name, f"{server.url}/{name}") for name in "ab"]
        one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data")
    one, other = records(tmp_path / "data", "sentiment")
    assert one["story"] == other["story"]
    assert one["text_id"] != other["text_id"]


def test_the_recorded_euc_kr_feed_is_stored_in_utf_8(tmp_path: Path, recorded: Callable[[str], Path]) -> None:
    body = recorded("feeds/feedparser_tests_illformed_chardet_euckr.xml").read_bytes()
    with LocalServer(FeedHost({"/feed": body}, "text/xml")) as server:
        one_pass(write_config(tmp_path / "moss.toml", [("old", f"{server.url}/feed")]), tmp_path / "data")
    assert titles(tmp_path / "data") == ["EUC-KR 에서 TypeKey 한글닉네임 표시하기"]
    assert "한글닉네임".encode() in (tmp_path / "data/sentiment.jsonl").read_bytes()


def test_the_demo_feed_needs_no_network(tmp_path: Path) -> None:
    config = write_config(tmp_path / "moss.toml", [("sample", "demo:")])
    assert one_pass(config, tmp_path / "data").returncode == 0
    assert {record["lang"] for record in records(tmp_path / "data", "sentiment")} == {"ko", "en"}


def test_no_feeds_is_a_pass_with_nothing_to_do(tmp_path: Path) -> None:
    ended = one_pass(write_config(tmp_path / "moss.toml", []), tmp_path / "data")
    assert (ended.returncode, ended.stderr) == (0, "0 new headlines from 0 of 0 feeds\n")


def test_a_wrong_config_is_78(tmp_path: Path) -> None:
    ended = one_pass(write_config(tmp_path / "moss.toml", [], "deadlines = 3"), tmp_path / "data")
    assert ended.returncode == 78
    assert "deadline_s" in ended.stderr


def test_a_folder_that_cannot_be_written_is_1(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o500)
    ended = one_pass(write_config(tmp_path / "moss.toml", []), data, weak=True)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert str(data) in ended.stderr
    assert list(data.iterdir()) == []


@pytest.mark.parametrize("name", ["sentiment.jsonl", "feeds.jsonl", "events.jsonl"])
def test_a_stream_that_cannot_be_opened_is_1(name: str, tmp_path: Path) -> None:
    (tmp_path / "data" / name).mkdir(parents=True)
    with LocalServer(FeedHost({"/feed": rss(ENTRIES)})) as server:
        feeds = [("alder", f"{server.url}/feed"), ("gone", f"{server.url}/gone")]
        ended = one_pass(write_config(tmp_path / "moss.toml", feeds), tmp_path / "data")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"sentiment.py: {tmp_path / 'data'}")


def test_a_folder_that_is_a_file_is_1(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    ended = one_pass(write_config(tmp_path / "moss.toml", []), tmp_path / "data")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert str(tmp_path / "data") in ended.stderr


def test_run_goes_on_with_the_last_good_config_when_the_file_has_become_wrong(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with LocalServer(FeedHost({"/feed": rss(ENTRIES)})) as server:
        config = write_config(tmp_path / "moss.toml", [("alder", f"{server.url}/feed")])
        data.mkdir()
        good, problems = parse({"news": {"feeds": [{"name": "alder", "url": f"{server.url}/feed"}]}})
        assert not problems
        with Store(data / "events.jsonl") as events:
            events.append({"ts": "2023-05-01T00:00:00.000Z", "kind": "start", "config": record_of(good)})
        Path(config).write_text("[nwes]\n")
        done = one_pass(config, data)
    assert done.returncode == 0, done.stderr
    assert "did you mean news?" in done.stderr
    assert len(titles(data)) == 2
