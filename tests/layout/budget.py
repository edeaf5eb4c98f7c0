"""How much code each script brings along: the scripts are minimal by number, not by hiding.

Run as `python -m tests.layout.budget`, it lists every module counted.
"""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.layout.source import SCRIPTS, Module, Project, Violation, read_project, target

LINES_MAX = {"bot": 2_500, "sentiment": 2_000}

# What the outbox is made of.
_OFF_THE_BOX = (
    *("agent.backlog", "agent.channel", "agent.chat", "agent.delivery", "agent.outbox", "agent.patience", "agent.ping"),
    *("agent.telegram", "agent.webhook", "agent.wording", "agent.words"),
)

# Modules that are imported inside a function, never by `run` with the default config while all goes well: what asks
# for each. Whatever is not here counts, wherever its import stands.
NOT_BY_DEFAULT: Mapping[str, str] = {
    "agent.address": "a config file with an address",
    "agent.advice": "an alert",
    "agent.arguments": "any command of bot.py but run",
    "agent.audit": "bot.py audit",
    "agent.backfill": "bot.py backfill",
    **dict.fromkeys(_OFF_THE_BOX, "telegram.enabled, webhook.url, or the secret of a webhook or of a ping"),
    "agent.prometheus": "report.prometheus",
    "agent.block": "an answer that is a refusal",
    "agent.commands": "any command of bot.py but run",
    "agent.digest": "a program of its own, which runs beside the bot",
    "agent.fallback": "a config file that is wrong",
    "agent.fast_clock": 'market.source = "demo"',
    "agent.market.demo": 'market.source = "demo"',
    "agent.market.binance": 'market.source = "binance"',
    "agent.market.bithumb": 'market.source = "bithumb"',
    "agent.market.coinbase": 'market.source = "coinbase"',
    "agent.market.columns": 'market.source = "binance", "coinbase" or "kraken"',
    "agent.market.exchanges": 'market.source other than "upbit", and bot.py once',
    "agent.market.lateness": "a row that comes late",
    "agent.market.kraken": 'market.source = "kraken"',
    "agent.market.fading": 'strategy.name = "rsi" or "sma_rsi"',
    "agent.market.performance": "bot.py replay --report",
    "agent.market.strategies.rsi": 'strategy.name = "rsi"',
    "agent.market.strategies.sma_rsi": 'strategy.name = "sma_rsi"',
    "agent.news.charset": "a feed that is neither ASCII nor Korean (or the like) in UTF-8",
    "agent.news.demo": 'news.feeds has one whose url is "demo:"',
    "agent.news.evaluation": "sentiment.py eval",
    "agent.news.json_feed": "news.feeds has one in JSON",
    "agent.news.mending": "a feed that is not well-formed XML",
    "agent.relations": "a config file",
    "agent.remnant": "a feed whose answer breaks off on the wire",
    "agent.news.page": 'news.feeds has one whose format is "html"',
    "agent.news.reasons": "sentiment.py score --why",
    "agent.lookahead": "bot.py audit",
    "agent.obedience": "an order of the owner",
    "agent.order": "schedule.order",
    "agent.plans": 'strategy.name is not "sma_cross"',
    "agent.recording": "bot.py replay",
    "agent.replay": "bot.py replay",
    "agent.scoring": "any command of sentiment.py but run",
    "agent.section": "a config file",
    "agent.settled": "a signal to trade just before the start",
    "agent.single_pass": "bot.py once",
    "agent.status": "bot.py status",
    "agent.ticker": "moss tail",
    "agent.teller": "bot.py bank, and an order of it",
    "agent.turning": "a configuration that changed",
    "agent.understudy": "market.fallback",
    "agent.listing": "a config file with feeds, fallbacks or a strategy's parameters",
    "agent.mishap": "something that goes wrong",
    "agent.mistake": "a config file that is wrong",
    "agent.strategy_file": 'strategy.name = "file:..."',
    "agent.trouble": "a request that fails",
    "store.inflate": "a compressed segment that is read",
    "store.reserve": "a disk that is full",
    "store.sieve": "a symbol or a feed that has too little among the newest 5,000 records",
}

_NO_CODE = (
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
)


class Count(NamedTuple):
    """What one script brings along by default: the code lines of each module, and how many there may be in all."""

    script: str
    lines: dict[str, int]
    lines_max: int
    lines_asked_for: int

    @property
    def total(self) -> int:
        return sum(self.lines.values())

    def __str__(self) -> str:
        asked_for = f"{self.lines_asked_for:,} more when another command or the config asks for them"
        return f"{self.script}.py reaches {self.total:,} of {self.lines_max:,} code lines by default, {asked_for}"


def counts(project: Project, not_by_default: Mapping[str, str] = NOT_BY_DEFAULT) -> list[Count]:
    """Count the code lines reachable by default from each script that is there."""
    found = []
    for script, lines_max in LINES_MAX.items():
        if script in project:
            lines = _sizes(reachable(script, project, not_by_default), project)
            all_lines = _sizes(reachable(script, project, {}), project)
            asked_for = sum(all_lines.values()) - sum(lines.values())
            found.append(Count(script, lines, lines_max, asked_for))
    return found


def violations(project: Project, not_by_default: Mapping[str, str] = NOT_BY_DEFAULT) -> Iterator[Violation]:
    """Yield each script that is missing or brings too much along, and each exception that is none."""
    for script in SCRIPTS:
        if script not in project:
            yield Violation(f"{script}.py", "is not there")
    for count in counts(project, not_by_default):
        if count.total >= count.lines_max:
            yield Violation(f"{count.script}.py", f"is over the budget: {count}")
    there = {name for script in SCRIPTS if script in project for name in reachable(script, project, not_by_default)}
    for name in not_by_default:
        if name not in project:
            yield Violation("tests/layout/budget.py", f"makes an exception of {name}, which is not there")
        # What is not there by default itself may import at its top what is not.
        for module in (project[importer] for importer in sorted(there)):
            for found in module.imports:
                if target(found.name, project) == name and not found.is_lazy and not found.is_typing:
                    yield Violation(f"{module.where}:{found.line}", f"imports {name} at its top, so that always counts")


def reachable(script: str, project: Project, not_by_default: Mapping[str, str]) -> list[str]:
    """Return the modules that a script may come to import, itself first; the packages that hold them included."""
    found: list[str] = []
    waiting = [script]
    while waiting:
        name = waiting.pop()
        if name in found or name in not_by_default:
            continue
        found.append(name)
        waiting += _packages(name, project)
        waiting += [there for there in _imported(project[name], project) if there not in found]
    return found


def code_lines(text: str) -> int:
    """Count the lines that hold code: not blank, not only a comment, not a docstring or another text left lying."""
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            code.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(code)


def _sizes(names: list[str], project: Project) -> dict[str, int]:
    return {name: code_lines(project[name].text) for name in names}


def _imported(module: Module, project: Project) -> list[str]:
    return [name for found in module.imports if not found.is_typing for name in _behind(found.name, project)]


def _behind(name: str, project: Project) -> list[str]:
    """Return the module that a name comes from; two where a package gives it out of another only when asked for it."""
    holder = target(name, project)
    if holder is None:
        return []
    asked = name[len(holder) + 1 :]
    later = (each.name for each in project[holder].imports if each.is_typing)
    return [holder, *(found for each in later if each.endswith(f".{asked}") and (found := target(each, project)))]


def _packages(name: str, project: Project) -> list[str]:
    parts = name.split(".")
    above = (".".join(parts[:length]) for length in range(1, len(parts)))
    return [package for package in above if package in project]


if __name__ == "__main__":
    for each in counts(read_project()):
        print(each)
        for module_name, size in sorted(each.lines.items(), key=lambda pair: -pair[1]):
            print(f"{size:7,}  {module_name}")
