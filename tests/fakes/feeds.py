"""Feeds as a test wants them: RSS and Atom bodies out of entries, with titles of our own."""

from collections.abc import Iterable
from typing import NamedTuple
from xml.sax.saxutils import escape

from tests.fakes.server import Reply, Request


class Entry(NamedTuple):
    """One entry of a feed; what is empty is left out."""

    title: str
    guid: str = ""
    link: str = ""
    date: str = ""


def rss(entries: Iterable[Entry], encoding: str = "utf-8") -> bytes:
    """Return an RSS 2.0 body that declares the encoding it is in."""
    items = "".join(f"<item>{_parts(entry)}</item>" for entry in entries)
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = f'{head}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    return text.encode("cp949" if encoding == "euc-kr" else encoding)


def _parts(entry: Entry) -> str:
    parts = {"title": entry.title, 'guid isPermaLink="false"': entry.guid, "link": entry.link, "pubDate": entry.date}
    return "".join(f"<{tag}>{escape(text)}</{tag.split()[0]}>" for tag, text in parts.items() if text)


def atom(entries: Iterable[Entry]) -> bytes:
    """Return an Atom body in UTF-8."""
    items = "".join(
        f"<entry><title>{escape(entry.title)}</title><id>{escape(entry.guid)}</id>"
        f'<link rel="alternate" href="{escape(entry.link)}"/><updated>{entry.date}</updated></entry>'
        for entry in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{items}</feed>'.encode()


class FeedHost:
    """A server's answers by path; a body of None is a server that is down, one with an ETag answers 304 to it."""

    def __init__(self, bodies: dict[str, bytes | None], content_type: str = "application/rss+xml") -> None:
        self.bodies = bodies
        self.content_type = content_type
        self.etags: dict[str, str] = {}

    def __call__(self, request: Request) -> Reply:
        body = self.bodies.get(request.path)
        if body is None:
            return Reply(503 if request.path in self.bodies else 404)
        headers = {"Content-Type": self.content_type}
        etag = self.etags.get(request.path)
        if etag:
            headers["ETag"] = etag
            if request.headers.get("if-none-match") == etag:
                return Reply(304, b"", headers)
        return Reply(200, body, headers)
