"""How does a person who must sign off read a verdict?

One file without scripts, images or network; a Content-Security-Policy allows its own style sheet,
by hash, and nothing else, so that text from the target can never become more than text.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gate.model import Verdict
from reports.html.charts import ladder, plot, rows, sum_up
from reports.html.difference import difference
from reports.html.gauge import draw
from reports.html.grids import tally, tone
from reports.html.lies import rehearsal, trust
from reports.html.view import describe
from reports.reading import bound, tell
from reports.remedies import remedy
from reports.scoring import score
from reports.wording import count, last, printable, spell


def render(verdict: Verdict) -> str:
    """The whole report as one HTML document."""
    css = style()
    page = environment().get_template("report.html")
    return page.render(view=describe(verdict), style=Markup(css), digest=digest_of(css))  # noqa: S704


@cache
def style() -> str:
    """The style sheet, ours and constant: the only text that goes out unescaped."""
    return (files(__package__) / "templates" / "report.css").read_text(encoding="utf-8")


def digest_of(css: str) -> str:
    """The hash-source of a style sheet (CSP 3, section 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()


@cache
def environment() -> Environment:
    """Templates that escape everything and refuse a misspelt name."""
    made = Environment(
        loader=PackageLoader("reports.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=show,
    )
    made.filters.update(
        bound=bound,
        count=count,
        difference=difference,
        draw=draw,
        ladder=ladder,
        last=last,
        plot=plot,
        rehearsal=rehearsal,
        remedy=remedy,
        rows=rows,
        score=score,
        spell=spell,
        sum_up=sum_up,
        tally=tally,
        tell=tell,
        tone=tone,
        trust=trust,
    )
    return made


def show(value: object) -> object:
    """What a template prints: foreign text with its invisible characters made visible."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value)
