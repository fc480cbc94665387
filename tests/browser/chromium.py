"""A headless Chromium that reports may be opened in; nothing but files from disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ADVICE = "Install Chromium (Debian: apt-get install chromium)."


class MissingError(Exception):
    """There is no browser on this machine."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A page of a browser, the folder that its files are written to, and what it complained of."""

    page: Page
    folder: Path
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def show(
        self,
        text: str,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        media: Literal["screen", "print"] = "screen",
    ) -> Self:
        """Open a page as a file, at this width, in this colour scheme, on a screen or paper."""
        self.page.emulate_media(media=media, color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 900})
        path = self.folder / "report.html"
        path.write_text(text, encoding="utf-8")
        self.complaints.clear()
        self.requests.clear()
        self.page.goto(path.as_uri())
        return self

    def ask(self, script: str) -> Any:
        return self.page.evaluate(script)


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """Start the browser, and end it in every case; MissingError says what to install."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise MissingError(f"None of {', '.join(NAMES)} is there. {ADVICE}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            made = Chromium(browser.new_page(), folder)
            made.page.on("console", lambda said: made.complaints.append(said.text))
            made.page.on("request", lambda asked: made.requests.append(asked.url))
            yield made
        finally:
            browser.close()
