"""Every key with every kind of value: a configuration that a bot starts with, or an error that says what is wrong."""

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from agent import config
from agent.clock import SystemClock
from agent.course import Course
from agent.duties import Duties
from agent.errand import Errands
from agent.errors import ConfigError
from agent.fetch import Fetcher
from agent.folder import DataFolder
from agent.jobs import Jobs
from agent.parts import plan_of
from agent.rules import rules_with
from agent.settings import Config
from agent.trader import trader_of

NUMBERS = ["0", "-1", "30", "5.5", "1e400", "1e-400", "-1e15", "nan", "-inf", "9223372036854775807", "9" * 40]
NUMBERS += [f"0x{'f' * 5000}", "9" * 5000, "1e-99999999999999999999", "1e999999999999999999999"]
TEXTS = ['""', '"a"', '"KRW-BTC"', '"5m"', '"09:00"', '"/x"', '"/x.prom"', '"file:/nowhere.py"', f'"{"x" * 10_000}"']
TEXTS += [f'"/{"x" * 10_000}"', f'"file:/{"x" * 10_000}"', '"http://[1]"', '"http://a:b"', '"http://x"', "'''\n'''"]
TEXTS += [
    '"a\\u0000b"',
    '"/a\\u0000b"',
    '"file:/a\\u0000b"',
    '"http://a\\u0000b"',
    '"\\ud800"',
    '"\\U0001F600"',
    '"\\n"',
]
LISTS = ["[]", "[30]", '["abc"]', '["a b"]', '[["a", 1]]', '[["a"]]', '[["a", nan]]', "[[[1]]]", "[{}]", "[true]"]
LISTS += [
    f"[{'[' * 50}{']' * 50}]",
    f"{'[' * 3000}{']' * 3000}",
    "['KRW-BTC', 1]",
    '["signals after report"]',
    "[[1, 2]]",
]
TABLES = [
    "{}",
    "{x = 1}",
    "{x = nan}",
    '{x = "a"}',
    "{x = {y = 1}}",
    "[{source = 'kraken'}]",
    "{x = 1e400}",
    "{'' = 1}",
]
TABLES += ["[{source = 'kraken', symbols = 5}]", "[{name = 'a', url = 'http://[1]'}]", f"{{x = 0x{'f' * 5000}}}"]
OTHERS = ["true", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z"]
VALUES = [*NUMBERS, *TEXTS, *LISTS, *TABLES, *OTHERS]
KEYS = [
    (section.name, part.name)
    for section in dataclasses.fields(Config)
    if section.name != "path"
    for part in dataclasses.fields(getattr(Config(), section.name))
]


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_any_value_of_any_key_is_a_config_that_a_bot_starts_with_or_an_error_that_names_it(
    tmp_path: Path, section: str, key: str
) -> None:
    path = tmp_path / "moss.toml"
    for number, value in enumerate(VALUES):
        path.write_text(f"[{section}]\n{key} = {value}\n", encoding="utf-8")
        found = loaded(path)
        if isinstance(found, Config):
            start(found, tmp_path / f"data{number}")
        else:
            assert is_helpful(found, section), (value[:60], found)


def loaded(path: Path) -> Config | str:
    """Return the configuration, or what is said to be wrong with it."""
    try:
        found = config.load(str(path), {})
        plan_of(found)
    except ConfigError as error:
        return str(error)
    return found


def is_helpful(message: str, section: str) -> bool:
    """Tell whether every line of a message names the file and where in it, or the strategy's own file."""
    return all(
        ("moss.toml line " in line and f"[{section}]" in line)
        or "moss.toml: is not TOML: " in line
        or "moss.toml: cannot be used: RecursionError" in line
        or line.startswith(("/nowhere.py: the strategy cannot be read", "/xxx"))
        for line in message.splitlines()
    )


def start(found: Config, data: Path) -> None:
    """Start a bot as far as its first event, and read its configuration back from there."""
    settings = dataclasses.replace(found, store=dataclasses.replace(found.store, durable=False))
    folder, clock, plan = DataFolder(data), SystemClock(), plan_of(settings)
    folder.prepare()
    with trader_of(settings, folder, clock, Fetcher(clock), plan) as trader:
        jobs = Jobs(clock, settings.schedule.timezone, rules_with(settings.schedule.order), print, print)
        Duties(trader, Course(settings, None, plan), Errands()).plan(jobs)
        trader.sure().tell_start()
    (event,) = (json.loads(line) for line in folder.stream("events").read_text(encoding="utf-8").splitlines())
    again, problems = config.parse(event["config"])
    assert not problems
    assert config.record_of(again) == config.record_of(settings)


def test_fuzz_reaches_every_kind_of_key() -> None:
    kinds = {part.type for section in config.SECTIONS.values() for part in dataclasses.fields(section.type)}  # type: ignore[arg-type]
    assert len(kinds) == 8
    assert {get_args(kind)[0] for kind in kinds if get_args(kind)} >= {str}


@pytest.mark.parametrize(("text", "numbers"), [("{}", ()), ("[]", ()), ("{a = 1, b = 0.5}", (("a", 1), ("b", 0.5)))])
def test_parameters_are_a_table_or_nothing(tmp_path: Path, text: str, numbers: tuple[Any, ...]) -> None:
    path = tmp_path / "moss.toml"
    path.write_text(f"[strategy]\nparameters = {text}\n", encoding="utf-8")
    assert config.load(str(path), {}).strategy.parameters == numbers


@pytest.mark.parametrize("text", ["[30]", '["abc"]', "{x = nan}", "{x = inf}", "5", '[["x", nan]]'])
def test_parameters_that_are_no_numbers_by_name_are_told_by_line_and_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "moss.toml"
    path.write_text(f"[strategy]\nparameters = {text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2: \[strategy\] parameters: .* must be numbers by name, such as"):
        config.load(str(path), {})
