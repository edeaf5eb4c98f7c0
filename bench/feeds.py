"""`python -m bench.feeds`: what one pass over ten feeds of fifty new headlines takes, and what of that its imports."""

import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import cycle, islice
from pathlib import Path

import sentiment

TOP = Path(__file__).resolve().parent.parent
FEEDS, HEADLINES = 10, 50
PEAK_KIB_MAX = 40 * 1024

# What a pass imports, and nothing done with it.
IMPORTS = (
    "import sentiment, agent.collector, agent.config, agent.fetch, agent.folder, agent.stop, xml.etree.ElementTree"
)


def main() -> int:
    """Print peak and CPU time of a pass and of its imports; return 1 where the pass takes more than it may."""
    with HTTPServer(("127.0.0.1", 0), _Feeds) as server, tempfile.TemporaryDirectory() as scratch:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = Path(scratch, "moss.toml")
        feeds = (f'{{name = "f{n}", url = "http://127.0.0.1:{server.server_port}/{n}"}},' for n in range(FEEDS))
        config.write_text(f"[news]\nfeeds = [{''.join(feeds)}]\n", encoding="utf-8")
        asked = ["--config", str(config), "--data", f"{scratch}/data"]
        peak_kib, cpu_s = _taken(f"import sentiment; assert sentiment.main({asked!r}) == 0")
        server.shutdown()
        stored = Path(scratch, "data", "sentiment.jsonl").read_bytes().count(b"\n")
    import_kib, import_s = _taken(IMPORTS)
    print(f"feeds: {stored} headlines of {FEEDS} feeds: peak {peak_kib / 1024:.1f} MiB, CPU {cpu_s:.2f} s")
    print(f"feeds: of these the imports: {import_kib / 1024:.1f} MiB, CPU {import_s:.2f} s")
    if stored != FEEDS * HEADLINES or peak_kib > PEAK_KIB_MAX:
        print(f"feeds: goal missed: {FEEDS * HEADLINES} headlines within {PEAK_KIB_MAX // 1024} MiB")
        return 1
    return 0


def _taken(program: str) -> tuple[int, float]:
    """Return the peak in KiB and the CPU seconds of an interpreter that runs a program."""
    peak = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command, environ = [sys.executable, "-c", program + peak], {**os.environ, "PYTHONPATH": str(TOP)}
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return int(ended.stdout.split()[-1]), cpu_s


class _Feeds(BaseHTTPRequestHandler):
    """Answers each path with a feed of its own, made of our labelled headlines; there is no robots.txt."""

    def do_GET(self) -> None:
        body = b"" if self.path == "/robots.txt" else "".join(_feed(int(self.path[1:]))).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""


def _feed(number: int) -> Iterator[str]:
    titles = (line.split("\t")[1] for line in Path(sentiment.NEWS, "labels.tsv").read_text("utf-8").splitlines())
    yield '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>t</title>'
    for place, title in enumerate(islice(cycle(titles), number * HEADLINES, (number + 1) * HEADLINES)):
        yield f"<item><title><![CDATA[{title}]]></title><link>https://news.example/{number}/{place}</link></item>"
    yield "</channel></rss>"


if __name__ == "__main__":
    sys.exit(main())
