"""XML to a tree of elements; what comes in is hostile until shown otherwise."""

from xml.etree import ElementTree

from agent.errors import Unusable

DEPTH_MAX = 60
"""Elements inside each other; feeds use about five, XHTML inside Atom some more."""
ELEMENTS_MAX = 50_000
"""Elements of one answer; a feed of two megabytes has about twenty thousand."""

PAGE = ("<!doctype html", "<html", "<head", "<body")
"""What a web page begins with, in lower case."""


def parsed(text: str) -> ElementTree.Element:
    """Return the root of a well-formed document that declares no entities.

    Raises: ElementTree.ParseError where it is not well-formed, Unusable where it nests too deep or is too large.
    """
    parser = ElementTree.XMLParser(target=_Shallow(), encoding="utf-8")  # noqa: S314 - no entity is declared, depth is bound
    parser.feed(text.encode("utf-8", "replace"))
    root: ElementTree.Element = parser.close()
    return root


class _Shallow(ElementTree.TreeBuilder):
    """Builds a tree, but none deep enough to exhaust a stack or large enough to exhaust the memory."""

    depth = count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self.depth, self.count = self.depth + 1, self.count + 1
        if self.count > ELEMENTS_MAX:
            raise Unusable(f"the answer has more than {ELEMENTS_MAX} elements")
        if self.depth > DEPTH_MAX:
            raise Unusable(f"the answer nests elements more than {DEPTH_MAX} deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self.depth -= 1
        return super().end(tag)
