"""Names and messages as they are shown: without signs that steer a terminal or a page."""

from __future__ import annotations

import re

# Control characters, separators of lines, marks of direction, characters without width that no
# script needs, and halves of a pair, as which Python keeps bytes that are no UTF-8.
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""Return a text on one line, in which each sign that would not be seen is escaped.

    An escape sequence of a terminal, a mark that reverses the direction of reading and a line
    break show as Python writes them: ``\x1b``, ``\u202e``, ``\n``.
    """
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


def visible_lines(text: str) -> str:
    """Return a text of several lines, each as `visible` returns it."""
    return "\n".join(map(visible, text.split("\n")))
