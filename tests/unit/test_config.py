"""The configuration: what is taken, and how wrong ones are answered."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from agent import config
from agent.errors import ConfigError
from agent.settings import Config


def written(folder: Path, text: str) -> str:
    path = folder / "moss.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_load_gives_the_defaults_when_there_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(None, {}) == Config()


def test_load_reads_what_is_written_and_leaves_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, '[market]\nsymbols = ["KRW-ETH"]\n[bank]\ncash = 5\nfee_rate = 0.001\n')
    read = config.load(path, {})
    assert read.market.symbols == ("KRW-ETH",)
    assert (read.bank.cash, read.bank.fee_rate) == (Decimal(5), Decimal("0.001"))
    assert read.strategy == Config().strategy
    assert read.path == Path(path)


def test_load_reads_a_file_that_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert config.load(written(tmp_path, "\ufeff[strategy]\nslow = 41\n"), {}).strategy.slow == 41


@pytest.mark.parametrize("address", ["http://[::1]:8080", "http://u:p@a:1/b c", "https://뉴스.kr/?a[]=b"])
def test_load_takes_any_address_that_names_a_host(tmp_path: Path, address: str) -> None:
    assert config.load(written(tmp_path, f'[market]\nupbit_url = "{address}"\n'), {}).market.upbit_url == address


def test_load_prefers_the_argument_then_the_environment_then_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, slow in [("argument", 41), ("environment", 42), ("moss", 43)]:
        (tmp_path / f"{name}.toml").write_text(f"[strategy]\nslow = {slow}\n")
    environ = {"MOSS_CONFIG": "environment.toml"}
    assert config.load("argument.toml", environ).strategy.slow == 41
    assert config.load(None, environ).strategy.slow == 42
    assert config.load(None, {}).strategy.slow == 43


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[strategy]\nfats = 5\n", r"moss.toml line 2: \[strategy\] fats: there is no such key; did you mean fast\?"),
        ("[stratgy]\n", r"line 1: \[stratgy\]: there is no such section; did you mean strategy\?"),
        ("\n[strategy]\n\nfast = 'a'\n", r"line 4: \[strategy\] fast: 'a' must be a whole number"),
        ("[strategy]\nfast = true\n", "must be a whole number"),
        ("[strategy]\nfast = 5.0\n", "must be a whole number"),
        ("[strategy]\nfast = 20\n", r"line 2: \[strategy\] fast: 20 must be smaller than slow, which is 20"),
        ("[strategy]\nfast = 0\n", "must be from 1 to 10000"),
        ("[strategy]\nname = 'magic'\n", "must be one of sma_cross, sma_rsi, rsi, file"),
        ("[market]\nsymbols = 'KRW-BTC'\n", "must be a list of texts"),
        ("[market]\nsymbols = []\n", "must name 1 to 10 markets"),
        ("[market]\nsymbols = ['KRW-BTC', 'KRW-BTC']\n", "each once"),
        ("[market]\nsymbols = ['../x']\n", "is no market"),
        ("[market]\nupbit_url = 'ftp://a'\n", "must begin with https"),
        ("[market]\nupbit_url = 'http://'\n", "and name a host"),
        ("[market]\nupbit_url = 'http://[::1'\n", "and name a host"),
        ("[market]\nupbit_url = 'http://a b'\n", "and name a host"),
        ("[market]\nsource = 'upbeat'\n", "must be one of upbit, bithumb, coinbase, kraken, binance, demo"),
        ("[market]\nfallback = ['bithumb']\n", r"must be a list such as \[\{source = ..., symbols = ...\}\]"),
        ("[market]\nfallback = [{source = 'demo'}]\n", r"\[market\] source: 'demo' must be one of"),
        ("[market]\nfallback = [{symbols = ['KRW-BTC']}]\n", r"\[market\] fallback: each needs a source"),
        ("[market]\nfallback = [{source = 'upbit'}]\n", "one that is not named before it"),
        ("[market]\nfallback = [{source = 'kraken', symbols = ['A', 'A']}]\n", "must name 1 to 10 markets"),
        ("[market]\nfallback = [{source = 'kraken', symbol = 'XBTUSD'}]\n", "did you mean symbols"),
        ("[schedule]\nsignal = '7m'\n", "must be minutes or hours that divide a day"),
        ("[schedule]\nsignal = '\u0665m'\n", "must be minutes or hours that divide a day"),
        ("[schedule]\nsession_open = '24:00'\n", "must be a time of day"),
        ("[schedule]\nsession_open = ''\n", "go together"),
        ("[schedule]\nsession_open = '23:00'\n", "equals session_open"),
        ("[schedule]\nzone = 'Asia/Seoul'\n", "must be an offset from UTC"),
        ("[bank]\nfee_rate = nan\n", "must be a number"),
        ("[bank]\nfee_rate = -0.1\n", "must be from 0 to 0.5"),
        (
            "[news]\nfeeds = [{name = 'a', url = 'https://x', colour = 'red'}]\n",
            r"\[news\] colour: there is no such key",
        ),
        ("[news]\nfeeds = [{name = 'a', url = 'file:///etc/passwd'}]\n", "the url of 'a' must begin with https"),
        ("[news]\nfeeds = [{name = 'a', url = 'demo:'}, {name = 'a', url = 'demo:'}]\n", "is empty or used twice"),
        ('[telegram]\nenabled = true\nlang = "de"\n', "must be one of en, ko"),
        ("# how\nstrategy.fats = 5\n", r"line 2: \[strategy\] fats"),
        ("\nstrategy = {fats = 5}\n", r"line 2: \[strategy\] fats"),
        ("market = 5\n", r"line 1: \[market\]: must be a section, written \[market\]"),
        ("[market\n", "is not TOML: .*line 1"),
    ],
)
def test_load_names_file_line_and_key_when_something_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config.load(written(tmp_path, text), {})


def test_load_tells_every_problem_when_there_are_several(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(written(tmp_path, "[strategy]\nfats = 1\n[bank]\ncash = -1\n[new]\n"), {})
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_load_names_the_file_when_it_cannot_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "moss.toml"
    if kind == "folder":
        path.mkdir()
    if kind == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"moss\.toml: (cannot be read|is not TOML)"):
        config.load(str(path), {})


def test_record_of_gives_json_that_reads_back_as_the_same_config(tmp_path: Path) -> None:
    text = "[market]\nfallback = [{source = 'kraken', symbols = ['XBTUSD']}, {source = 'bithumb'}]\n"
    text += "[bank]\nfee_rate = 0.00051\n[news]\nfeeds = [{name = 'a', url = 'https://x/y', lang = 'ko'}]\n"
    first = config.load(written(tmp_path, text), {})
    tree = json.loads(json.dumps(config.record_of(first)))
    second, problems = config.parse(tree)
    assert not problems
    assert config.record_of(second) == config.record_of(first)
    assert second.bank == first.bank
    assert second.market == first.market
    assert second.news == first.news
