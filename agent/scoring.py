"""The scorer's other commands: scores of texts, their quality, and all stored titles anew; imported only for that."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from itertools import islice

from agent.console import say
from agent.display import show
from agent.errors import BadInput, FolderError
from agent.news.model import Scorer

# Records that are stored with one write.
BATCH = 500


def run(name: str, options: argparse.Namespace, scorer: Scorer) -> int:
    """Run the command of that name; return its exit status.

    Arguments:
        options: what stood before the name, and in `rest` what stood behind it.
    """
    add_arguments, work = _COMMANDS[name]
    parser = argparse.ArgumentParser(prog=f"sentiment.py {name}", description=work.__doc__)
    add_arguments(parser)
    parser.parse_args(options.rest, options)
    return work(options, scorer)


def score(options: argparse.Namespace, scorer: Scorer) -> int:
    """Score headlines given as arguments, or one a line on standard input."""
    from agent.news.reasons import reasons

    for text in options.texts or _lines():
        plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        fields: dict[str, object] = {**scorer.score(plain)._asdict(), "text": plain}
        fields |= {"why": reasons(scorer, plain)} if options.why else {}
        show(_shown(fields))
    return 0


def _shown(fields: dict[str, object]) -> str:
    """Return an object as JSON in ASCII, which any program reads; on a UTF-8 terminal, Korean as it is read."""
    out = sys.stdout
    is_read_by_people = out is not None and out.isatty() and out.encoding.lower() in ("utf-8", "utf8")
    # json escapes every control character of ASCII but this one.
    text = json.dumps(fields, ensure_ascii=not is_read_by_people).replace("\x7f", "\\u007f")
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def _lines() -> Iterator[str]:
    for line in sys.stdin.buffer if sys.stdin else ():
        yield line.removesuffix(b"\n").decode("utf-8", "replace")


def evaluate(options: argparse.Namespace, scorer: Scorer) -> int:
    """Score labelled headlines, lines of label (-1, 0, 1), tab and text, and tell how good the scores are."""
    from agent.news.evaluation import labelled, measure, table

    try:
        with open(options.file, "rb") as lines:
            quality = measure(scorer, labelled(lines, options.file))
    except OSError as error:
        raise BadInput(f"{options.file}: cannot be read: {error.strerror}") from error
    for line in table(quality):
        show(line)
    figures = quality._asdict()
    show(json.dumps({name: round(figures[name], 4) for name in ("n", "accuracy", "macro_f1", "sign_accuracy", "ece")}))
    return 0


def rescore(options: argparse.Namespace, scorer: Scorer) -> int:
    """Score all stored titles with today's model into the stream sentiment-MODEL.jsonl; run again, it goes on."""
    from agent import config
    from agent.clock import SystemClock, timestamp
    from agent.folder import find_data
    from store import StoreError, newest, scan

    settings, folder = config.load(options.config), find_data(options.data)
    folder.prepare()
    name, count = f"sentiment-{scorer.model}", 0
    clock = SystemClock()
    try:
        with folder.hold("rescore"), folder.open(name, settings) as anew:
            last = next((record["text_id"] for record in newest(folder.stream(name))), None)
            records = scan(folder.stream("sentiment"))
            # Both streams have one order: what comes after the last one here is not yet there.
            if last is not None and all(record["text_id"] != last for record in records):
                records = scan(folder.stream("sentiment"))
            titled = (record for record in records if "title" in record)
            while batch := list(islice(titled, BATCH)):
                told = (scorer.score(record["title"], record["lang"])._asdict() for record in batch)
                now = {"ts": timestamp(clock.now_s()), "model": scorer.model}
                anew.append_many({**record, **new, **now} for record, new in zip(batch, told, strict=True))
                count += len(batch)
    except (StoreError, OSError) as error:
        raise FolderError(f"{folder.path}: {error}") from error
    say(f"{count} titles scored anew, in {folder.stream(name)}")
    return 0


def _for_score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("texts", metavar="TEXT", nargs="*", help="a headline; none: one a line on standard input")
    parser.add_argument("--why", action="store_true", help="also say which rules and words made the score")


def _for_eval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="lines of label, tab and text")


def _for_rescore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the configuration to follow")
    parser.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS, help="the data folder")


_Command = tuple[Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace, Scorer], int]]
_COMMANDS: dict[str, _Command] = {
    "score": (_for_score, score),
    "eval": (_for_eval, evaluate),
    "rescore": (_for_rescore, rescore),
}
