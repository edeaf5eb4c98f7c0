"""XML to a tree of elements; what comes in is hostile until shown otherwise."""

from xml.etree import ElementTree

from agent.errors import Unusable

DEPTH_MAX = 60
"""Elements inside each other; feeds use about five, XHTML inside Atom some more."""

PAGE = ("<!doctype html", "<html", "<head", "<body")
"""What a web page begins with, in lower case."""


def parsed(text: str) -> ElementTree.Element:
    """Return the root of a well-formed document that declares no entities.

    Raises: ElementTree.ParseError where it is not well-formed, Unusable where it nests too deep.
    """
    parser = ElementTree.XMLParser(target=_Shallow(), encoding="utf-8")  # noqa: S314 - no entity is declared, depth is bound
    parser.feed(text.encode("utf-8", "replace"))
    root: ElementTree.Element = parser.close()
    return root


class _Shallow(ElementTree.TreeBuilder):
    """Builds a tree, but none deep enough to exhaust a stack."""

    depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Unusable(f"the answer nests elements more than {DEPTH_MAX} deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self.depth -= 1
        return super().end(tag)
