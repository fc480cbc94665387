from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Chromium, MissingError, chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests; without one they fail, because nothing was looked at."""
    try:
        with chromium(tmp_path_factory.mktemp("pages")) as made:
            yield made
    except MissingError as missing:
        pytest.fail(str(missing), pytrace=False)
