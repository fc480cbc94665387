"""How is text from the world written, so that a reader sees what is really there?"""

from __future__ import annotations

WHOLE_FROM, MINUTE, HOUR = 9.995, 60, 3600


def printable(text: str) -> str:
    r"""The text with every invisible or layout-changing character as its escape, `\x1b`.

    Terminal escapes, bidirectional overrides (CVE-2021-42574), zero-width characters and lone
    surrogates all count; newlines and tabs stay. What is left is legal in XML 1.0 and UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or letter in "\n\t"
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def clip(text: str, length: int) -> str:
    """The text on one line of at most `length` characters; an ellipsis shows that some is gone."""
    line = " ".join(printable(text).split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 finding`, `2 findings`, `1,200 findings`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def spell(value: float) -> str:
    """A number for people: `12,345`, `0.25`, `1.2e+18`; at most six significant digits."""
    if float(value).is_integer() and abs(value) < 10**15:
        return f"{int(value):,}"
    return f"{value:,.2f}" if 10**4 <= abs(value) < 10**15 else f"{value:.6g}"


def last(seconds: float) -> str:
    """A duration for people: `0.41 s`, `12 s`, `4 min 12 s`, `1 h 3 min`."""
    if 0 < seconds < WHOLE_FROM:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR:,} h {whole % HOUR // MINUTE} min"
