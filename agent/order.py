"""What is wrong with the order of the jobs that a config asks for; imported only where it asks for one."""

from collections.abc import Iterable
from graphlib import CycleError

from agent.jobs import ordered
from agent.rules import RULES, rules_with


def mistakes(order: Iterable[str]) -> list[str]:
    """Return what is wrong with `schedule.order`, a sentence each."""
    sentences = list(order)
    for sentence in sentences:
        words = sentence.split()
        if len(words) != 3 or words[1] != "after" or not {words[0], words[2]} <= set(RULES):
            return [f"{sentence!r} must be JOB after JOB, with jobs out of {', '.join(RULES)}"]
    try:
        ordered(rules_with(sentences))
    except CycleError as error:
        return [f"the jobs wait for each other: {' after '.join(reversed(error.args[1]))}"]
    return []
