"""Bytes to text, whatever was declared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.news.charset import decode

KOREAN = "똠방각하 뷁 코스피 급등"
DECLARED = '<?xml version="1.0" encoding="{}"?><a>{}</a>'


def test_the_sample_is_one_that_strict_euc_kr_refuses() -> None:
    with pytest.raises(UnicodeDecodeError):
        KOREAN.encode("cp949").decode("euc-kr")


@pytest.mark.parametrize(
    "name", ["euc-kr", "EUC_KR", "ks_c_5601-1987", "ksc5601", "cp949", "ms949", "x-windows-949", "uhc"]
)
def test_every_name_of_korean_is_cp949(name: str) -> None:
    assert KOREAN in decode(DECLARED.format(name, KOREAN).encode("cp949"), "")
    assert decode(KOREAN.encode("cp949"), f"text/xml; charset={name}") == KOREAN


@pytest.mark.parametrize(
    "header", ["", "text/xml", "text/xml; charset=iso-8859-1", "text/html;charset='utf-8'", "x; charset=nonsense"]
)
@pytest.mark.parametrize("named", ["", "utf-8", "euc-kr", "no-such-charset"])
@pytest.mark.parametrize("real", ["utf-8", "cp949"])
def test_korean_is_found_under_every_wrong_declaration(header: str, named: str, real: str) -> None:
    text = DECLARED.format(named, KOREAN) if named else KOREAN
    assert decode(text.encode(real), header) == text


@pytest.mark.parametrize("name", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(name: str) -> None:
    assert decode(KOREAN.encode(name), "text/xml; charset=euc-kr") == KOREAN


def test_latin_is_believed_where_nothing_else_fits() -> None:
    assert decode("Café señor".encode("latin-1"), "text/xml; charset=iso-8859-1") == "Café señor"


def test_one_broken_letter_spoils_no_other() -> None:
    body = KOREAN.encode() + b"\xed\x95 " + KOREAN.encode()
    assert decode(body, "text/xml; charset=utf-8").count(KOREAN) == 2


def test_nul_bytes_are_dropped() -> None:
    assert decode(b"a\0b\0", "") == "ab"


@pytest.mark.parametrize("name", ["hex", "zip", "punycode", "idna", "undefined", "rot13"])
def test_what_is_no_encoding_of_pages_is_not_tried(name: str) -> None:
    assert decode(b"xn--plain", f"text/xml; charset={name}") == "xn--plain"


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_bytes_become_text(body: bytes, content_type: str) -> None:
    assert "\0" not in decode(body, content_type)
