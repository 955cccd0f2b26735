"""The browser that the other tests rely on starts, and cannot leave this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_the_browser_runs_scripts_and_reaches_nothing_outside(page: Page) -> None:
    from playwright.sync_api import Error

    page.set_content("<p id=a></p><script>document.getElementById('a').textContent = 6 * 7</script>")
    assert page.inner_text("#a") == "42"
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.com/")
