"""The strategies with an RSI, and a user's own out of a file."""

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from agent.config import parse, record_of
from agent.errors import ConfigError
from agent.market.strategy import Plan, Verdict
from agent.parts import plan_of
from agent.settings import Config

OWN = """
class Strategy:
    fades = False
    def __init__(self, length=3):
        self.window = length
        self.closes = []
    def add(self, close):
        self.closes = [*self.closes[1 - self.window:], close]
    def decide(self, last):
        from agent.market.strategy import Verdict
        figures = {"sma_fast": None, "sma_slow": None}
        return Verdict("BUY" if self.closes[-1] == max(self.closes) else "HOLD", "highest", figures)
"""


def plan(**keys: object) -> Plan:
    config, problems = parse({"strategy": keys})
    assert not problems
    return plan_of(config)


def decide(made: Plan, closes: Sequence[float]) -> Verdict:
    strategy = made.make()
    for close in closes:
        strategy.add(Decimal(str(close)))
    return strategy.decide(None)


RISING_THEN_DOWN = [*range(100, 200), 199, 197, 195, 193]


def test_sma_rsi_buys_when_a_rising_market_is_oversold() -> None:
    verdict = decide(plan(name="sma_rsi", fast=2, slow=80, rsi=2), RISING_THEN_DOWN)
    assert (verdict.signal, verdict.reason) == ("BUY", "close>sma, rsi<30")
    assert list(verdict.figures) == ["sma_fast", "sma_slow", "rsi"]


def test_sma_rsi_sells_when_a_falling_market_is_overbought() -> None:
    verdict = decide(plan(name="sma_rsi", fast=2, slow=80, rsi=2), [300 - close for close in RISING_THEN_DOWN])
    assert (verdict.signal, verdict.reason) == ("SELL", "close<sma, rsi>70")


def test_sma_rsi_holds_when_only_one_of_its_two_conditions_is_met() -> None:
    falling = [300 - close for close in range(100, 200)]
    assert decide(plan(name="sma_rsi", fast=2, slow=80, rsi=2), falling).signal == "HOLD"
    assert decide(plan(name="sma_rsi", fast=2, slow=80, rsi=2), list(range(100, 200))).signal == "HOLD"


def test_sma_rsi_holds_and_says_how_many_when_there_are_not_enough_candles() -> None:
    verdict = decide(plan(name="sma_rsi", slow=20, rsi=14), [5] * 15)
    assert (verdict.signal, verdict.reason) == ("HOLD", "15 of 20 candles")
    assert verdict.figures["rsi"] == 100


@pytest.mark.parametrize(
    ("closes", "signal", "reason"),
    [
        ([9, 8, 7, 6, 5], "BUY", "rsi<30"),
        ([5, 6, 7, 8, 9], "SELL", "rsi>70"),
        ([5, 6, 5, 6, 5], "HOLD", "rsi=40.0"),
        ([5, 6], "HOLD", "2 of 3 candles"),
    ],
)
def test_rsi_buys_low_and_sells_high(closes: Sequence[float], signal: str, reason: str) -> None:
    verdict = decide(plan(name="rsi", rsi=3), closes)
    assert (verdict.signal, verdict.reason) == (signal, reason)


def own(folder: Path, text: str = OWN, mode: int = 0o600) -> Path:
    path = folder / "own.py"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_own_strategy_decides_with_its_parameters(tmp_path: Path) -> None:
    path = own(tmp_path)
    made = plan(name=f"file:{path}", parameters={"length": 2})
    assert decide(made, [9, 1, 2]).signal == "BUY"
    assert decide(plan(name=f"file:{path}"), [9, 1, 2]).signal == "HOLD"
    assert made.parameters == {"length": 2}


def test_own_strategy_is_another_rule_when_its_file_changes(tmp_path: Path) -> None:
    first = plan(name=f"file:{own(tmp_path)}").rule
    assert plan(name=f"file:{own(tmp_path)}").rule == first
    assert plan(name=f"file:{own(tmp_path, OWN + '# better')}").rule != first


@pytest.mark.parametrize(
    ("text", "parameters", "words"),
    [
        (OWN, {"lenght": 3}, r"no parameter 'lenght'; did you mean length\?"),
        ("x = 1", {}, "has no class named Strategy"),
        ("class Strategy: pass", {}, "has no window and no fades and no add and no decide"),
        ("1 / 0", {}, "fails with ZeroDivisionError"),
        ("def broken(:", {}, "fails with SyntaxError"),
        ("class Strategy:\n    def __init__(self): raise OSError('no')", {}, "cannot be made: OSError: no"),
        ("raise SystemExit", {}, "fails with SystemExit"),
        ("class Strategy:\n    __signature__ = 5", {}, "what its Strategy is made with cannot be told"),
        (
            f"{OWN}\n    window = property(lambda self: 2.5, lambda self, _: None)",
            {},
            "is 2.5, and must be whole minutes",
        ),
    ],
)
def test_own_strategy_is_refused_when_it_does_not_fit(
    tmp_path: Path, text: str, parameters: Mapping[str, int], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        plan(name=f"file:{own(tmp_path, text)}", parameters=dict(parameters))


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_own_strategy_is_refused_when_others_may_write_it(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="others may write it; chmod go-w"):
        plan(name=f"file:{own(tmp_path, mode=mode)}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_own_strategy_is_refused_when_it_belongs_to_another_user(tmp_path: Path) -> None:
    path = own(tmp_path)
    os.chown(path, 12345, 12345)
    with pytest.raises(ConfigError, match="belongs to user 12345"):
        plan(name=f"file:{path}")


def test_own_strategy_is_refused_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        plan(name=f"file:{tmp_path}/none.py")


def test_parameters_come_back_from_the_record_of_a_start() -> None:
    config, problems = parse({"strategy": {"name": "file:/x.py", "parameters": {"length": 30, "part": 0.5}}})
    assert not problems
    again, problems = parse(record_of(config))
    assert (problems, again.strategy) == ([], config.strategy)
    assert parse({"strategy": {"parameters": {"length": "x"}}})[1]
    assert Config().strategy.parameters == ()


def test_sma_cross_signals_by_the_exact_sums_when_the_averages_are_rounded_to_the_same_number() -> None:
    strategy = plan(name="sma_cross", fast=1, slow=2).make()
    for close in ("999999999999998.875", "999999999999999"):
        strategy.add(Decimal(close))
    figures = strategy.decide(None).figures
    assert figures["sma_fast"] == figures["sma_slow"] == 999_999_999_999_999
    assert strategy.decide({"sma_fast": 1, "sma_slow": 2}).signal == "BUY"
