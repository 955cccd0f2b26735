"""The guard itself, and the little site that the other tests start from."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml

from support import make_site

pytest_plugins = ["pytester"]


def test_a_connection_beyond_loopback_fails_even_when_it_is_swallowed(pytester: pytest.Pytester) -> None:
    here = Path(__file__).parent
    pytester.makeconftest((here / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(support=(here / "support.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        test_it="""
        import contextlib, socket
        def test_swallowed():
            with contextlib.suppress(AssertionError):
                socket.create_connection(("192.0.2.1", 80), timeout=0.1)
        def test_name():
            with contextlib.suppress(AssertionError):
                socket.getaddrinfo("example.com", 80)
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*tried to leave this machine*192.0.2.1*"])


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_make_site_writes_what_was_asked(tmp_path: Path) -> None:
    file = make_site(tmp_path / "a b", posts={"one.md": "x"}, files={"content/index.md": b"\xff"})
    assert (file.parent / "content/posts/one.md").read_text() == "x"
    assert (file.parent / "content/index.md").read_bytes() == b"\xff"
    assert yaml.safe_load(file.read_text())["docs_dir"] == "content"
