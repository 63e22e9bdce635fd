"""The tokens of a Python file, as the standard library cuts it."""

import io
import tokenize
from dataclasses import dataclass

OPENS = getattr(tokenize, "FSTRING_START", -1)
CLOSES = getattr(tokenize, "FSTRING_END", -1)


@dataclass(frozen=True)
class Tokens:
    """How many tokens there are, which of them are comments, and those that hold text (comments and strings)."""

    count: int
    comments: list[str]
    strings: list[str]

    @property
    def comment_share(self) -> float:
        """Comments among all tokens, 0 if there are none."""
        return len(self.comments) / self.count if self.count else 0.0


def tokens(text: str) -> Tokens:
    """Cut ``text`` into tokens; none at all if that fails part of the way.

    An f-string is one token, as it is up to Python 3.11; later versions cut it into pieces.

    >>> tokens("x = 1  # one").comment_share
    0.16666666666666666
    """
    count, depth = 0, 0
    comments: list[str] = []
    strings: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text.removeprefix("\ufeff")).readline):
            depth -= token.type == CLOSES
            count += depth == 0 and token.type != CLOSES
            depth += token.type == OPENS
            if token.type == tokenize.COMMENT:
                comments.append(token.string)
            elif token.type == tokenize.STRING or depth:
                strings.append(token.string)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return Tokens(0, [], [])
    return Tokens(count, comments, strings)
