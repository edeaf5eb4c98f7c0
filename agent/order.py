"""A further order of the jobs, and what is wrong with it; imported only where a config asks for one."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from agent.jobs import Rule
from agent.rules import RULES


def reordered(order: Iterable[str]) -> dict[str, Rule]:
    """Return the bot's rules with further dependencies, in the order that comes of them.

    Arguments:
        order: each such as "upload after cleanup", of jobs that there are.
    Raises: graphlib.CycleError where jobs wait for each other.
    """
    rules = dict(RULES)
    for sentence in order:
        later, _, earlier = sentence.split()
        rules[later] = rules[later]._replace(after=(*rules[later].after, earlier))
    return {name: rules[name] for name in ordered(rules)}


def ordered(rules: Mapping[str, Rule]) -> list[str]:
    """Return the jobs' names in the order in which those due together run: dependencies first, then priority.

    Raises: graphlib.CycleError where jobs wait for each other.
    """
    graph = TopologicalSorter({name: rule.after for name, rule in rules.items()})
    graph.prepare()
    order: list[str] = []
    ready: list[str] = []
    while graph.is_active():
        ready += graph.get_ready()
        first = min(ready, key=lambda name: (rules[name].priority, [*rules].index(name)))
        ready.remove(first)
        order.append(first)
        graph.done(first)
    return order


def mistakes(order: Iterable[str]) -> list[str]:
    """Return what is wrong with `schedule.order`, a sentence each."""
    sentences = list(order)
    for sentence in sentences:
        words = sentence.split()
        if len(words) != 3 or words[1] != "after" or not {words[0], words[2]} <= set(RULES):
            return [f"{sentence!r} must be JOB after JOB, with jobs out of {', '.join(RULES)}"]
    try:
        reordered(sentences)
    except CycleError as error:
        return [f"the jobs wait for each other: {' after '.join(reversed(error.args[1]))}"]
    return []
