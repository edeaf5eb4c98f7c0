"""Learns the weights of a linear model with three classes, in plain Python: every machine makes the same ones.

It walks down the slope of what the examples cost, one example at a time, each weight at a pace of its own (Adagrad),
while every weight is drawn to where it began, and in every other round a part of each example is left out. What the
rules find keeps its sign: that good news is good need not be learned, only how much it says.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import exp, sqrt
from random import Random
from typing import NamedTuple

EPOCHS = 30
PACE = 0.5
# What part of an example is left out in every other epoch: no word learns to lean on another being there.
MISSING = 0.05
SEED = 1

Weights = dict[int, list[float]]
"""By place: towards bad, and towards good."""


class Example(NamedTuple):
    """A text as the model sees it.

    `values` by place; `bad` and `good` are how likely it is each, `share` what part of a labelled headline it is.
    """

    values: Mapping[int, float]
    bad: float
    good: float
    share: float


class Prior(NamedTuple):
    """Where a weight begins and is drawn to, how strongly, and its signs: 1 not below zero, -1 not above, 0 free."""

    start: tuple[float, float]
    pull: float
    signs: tuple[int, int]


def learn(examples: Sequence[Example], priors: Mapping[int, Prior], rest: Prior) -> Weights:
    """Return the weight of each place that an example has.

    Arguments:
        priors: of places that have one of their own; `rest` is all others'.
    """
    uses = Counter(place for example in examples for place in example.values)
    weights: Weights = {place: list(priors.get(place, rest).start) for place in uses}
    slopes = {place: [1e-3, 1e-3] for place in uses}
    order = list(range(len(examples)))
    dice = Random(SEED)  # noqa: S311 - an order that is the same each time
    for epoch in range(EPOCHS):
        dice.shuffle(order)
        pace = PACE * (1 - epoch / EPOCHS)
        for index in order:
            example = examples[index]
            values = _thinned(example.values, dice) if epoch % 2 else example.values
            errors = _errors(example, logits(values, weights))
            for place, value in values.items():
                prior, weight, slope = priors.get(place, rest), weights[place], slopes[place]
                pull = prior.pull / uses[place]
                for column in (0, 1):
                    steep = errors[column] * value + pull * (weight[column] - prior.start[column])
                    slope[column] += steep * steep
                    moved = weight[column] - pace * steep / sqrt(slope[column])
                    wrong = prior.signs[column] * moved < 0
                    weight[column] = 0.0 if wrong else moved
    return weights


def _thinned(values: Mapping[int, float], dice: Random) -> Mapping[int, float]:
    return {place: value for place, value in values.items() if dice.random() >= MISSING}


def logits(values: Mapping[int, float], weights: Weights) -> tuple[float, float]:
    """Return what weights say of an example: towards bad, and towards good; places never seen say nothing."""
    bad = good = 0.0
    for place, value in values.items():
        weight = weights.get(place)
        if weight:
            bad, good = bad + weight[0] * value, good + weight[1] * value
    return bad, good


def likely(told: tuple[float, float]) -> tuple[float, float]:
    """Return how likely bad and good are, by their logits."""
    down, up = exp(min(told[0], 50.0)), exp(min(told[1], 50.0))
    return down / (1 + down + up), up / (1 + down + up)


def _errors(example: Example, told: tuple[float, float]) -> tuple[float, float]:
    down, up = likely(told)
    return example.share * (down - example.bad), example.share * (up - example.good)
