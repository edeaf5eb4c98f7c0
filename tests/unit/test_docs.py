"""The docs say what the code does."""

from tests.config_page import PAGE, with_tables


def test_config_page_has_every_key_default_and_meaning_of_the_schema() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), "write the tables anew: python -m tests.config_page"
