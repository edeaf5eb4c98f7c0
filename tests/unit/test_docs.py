"""The docs say what the code does."""

import re
from pathlib import Path

from agent.words import MENU, WORDS
from tests.config_page import PAGE, with_tables


def test_config_page_has_every_key_default_and_meaning_of_the_schema() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), "write the tables anew: python -m tests.config_page"


def test_alerts_page_names_every_secret_and_every_command() -> None:
    page = (PAGE.parent / "alerts.md").read_text(encoding="utf-8")
    units = [(PAGE.parent.parent / "systemd" / f"moss-{name}.service").read_text() for name in ("bot", "sentiment")]
    secrets = set(re.findall(r"^LoadCredential=(\w+)$", "\n".join(units), re.MULTILINE)) - {"MOSS_BACKUP_URL"}
    assert len(secrets) == 5
    assert set(re.findall(r"\bMOSS_[A-Z_]+\b", page)) == secrets
    assert set(re.findall(r"^\|.*?\| ", page, re.MULTILINE)) >= {f"| `/{name}` | " for name in ("status", "help")}
    assert {f"/{name}" for name in MENU["en"]} <= set(re.findall(r"`(/[a-z]+)`", page))
    assert MENU["en"].keys() == MENU["ko"].keys()
    # Alerts are stored in English, so only Korean has words of its own for them.
    assert WORDS["en"].keys() == {name for name in WORDS["ko"] if not name.startswith("alert_")}


def test_source_map_names_every_file_of_the_agent_and_the_store() -> None:
    top = PAGE.parent.parent
    page = (PAGE.parent / "architecture.md").read_text(encoding="utf-8")
    files = {file.name for room in ("agent", "store") for file in (top / room).glob("*.py")} - {"__init__.py"}
    assert files - set(re.findall(r"(\w+\.py)`", page)) == set()


def test_every_link_of_the_pages_leads_to_a_file_and_a_heading() -> None:
    top = PAGE.parent.parent
    for page in (*top.glob("*.md"), *PAGE.parent.glob("*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
            name, _, anchor = link.partition("#")
            there = (page.parent / name).resolve() if name else page
            assert there.exists(), f"{page.name} links to {link}"
            assert not anchor or anchor in anchors(there), f"{page.name} links to {link}"


def anchors(page: Path) -> set[str]:
    """Return what a page's headings are called in an address, as GitHub makes them up."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
