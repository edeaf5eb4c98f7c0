"""Our own labelled headlines, and the model made of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

import sentiment
from agent.news.evaluation import labelled, measure
from agent.news.text import fold, language

SCORER = sentiment.scorer()


def labels(name: str) -> list[tuple[int, str]]:
    with Path(sentiment.NEWS, name).open("rb") as lines:
        return labelled(lines, name)


def test_there_are_enough_of_each_language_and_label_and_none_twice() -> None:
    told = labels("labels.tsv")
    assert len({fold(text) for _, text in told}) == len(told) >= 600
    for lang in ("ko", "en"):
        own = [label for label, text in told if language(text) == lang]
        assert len(own) >= 300
        assert min(own.count(label) for label in (-1, 0, 1)) >= 100


def test_what_is_kept_out_of_training_is_told_well_and_honestly() -> None:
    kept_out = labels("labels_heldout.tsv")
    assert len(kept_out) == 200
    assert not {fold(text) for _, text in kept_out} & {fold(text) for _, text in labels("labels.tsv")}
    quality = measure(SCORER, kept_out)
    assert quality.macro_f1 > 0.85, quality
    assert quality.sign_accuracy > 0.87, quality
    assert quality.ece <= 0.07, quality


@pytest.mark.parametrize(
    ("name", "macro_f1", "sign_accuracy"),
    [("general_en", 0.78, 0.82), ("plain_ko", 0.79, 0.88), ("news_ko", 0.84, 0.92)],
)
def test_what_bench_compares_with_is_told_well_and_not_trained_on_either(
    name: str, macro_f1: float, sign_accuracy: float
) -> None:
    with (Path(sentiment.NEWS).parents[1] / "bench" / f"{name}.tsv").open("rb") as lines:
        told = labelled(lines, name)
    assert not {fold(text) for _, text in told} & {fold(text) for _, text in labels("labels.tsv")}
    quality = measure(SCORER, told)
    assert quality.macro_f1 >= macro_f1, quality
    assert quality.sign_accuracy >= sign_accuracy, quality
    assert quality.ece <= 0.07, quality


@pytest.mark.parametrize(
    ("name", "macro_f1", "sign_accuracy"),
    [("fpb50_dev", 0.74, 0.9), ("kofin_dev", 0.76, 0.94), ("tfns_valid", 0.66, 0.83)],
)
def test_sets_of_others_are_told_as_well_as_the_model_card_says(
    recorded: Callable[[str], Path], name: str, macro_f1: float, sign_accuracy: float
) -> None:
    with recorded(f"sentiment/{name}.tsv").open("rb") as lines:
        told = labelled(lines, name)
    assert not {fold(text) for _, text in told} & {fold(text) for _, text in labels("labels.tsv")}
    quality = measure(SCORER, told)
    assert quality.macro_f1 >= macro_f1
    assert quality.sign_accuracy >= sign_accuracy
    assert quality.ece <= 0.07


def test_the_model_is_within_its_size() -> None:
    assert Path(sentiment.NEWS, "model.bin").stat().st_size <= 512 * 1024
