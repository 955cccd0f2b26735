"""What the first bytes of a picture tell."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from byline.reading.images import look


@pytest.mark.parametrize(
    ("form", "kind", "options"),
    [
        ("PNG", "png", {}),
        ("JPEG", "jpeg", {}),
        ("JPEG", "jpeg", {"progressive": True}),
        ("WEBP", "webp", {}),
        ("WEBP", "webp", {"lossless": True}),
        ("GIF", "gif", {}),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_kind_and_size(form: str, kind: str, options: dict[str, bool], mode: str, tmp_path: Path) -> None:
    if mode == "RGBA" and form == "JPEG":
        mode = "L"
    path = tmp_path / "a"
    Image.new(mode, (321, 123)).save(path, form, **options)
    found = look(path)
    assert (found.kind, found.width, found.height) == (kind, 321, 123)
    assert found.size == path.stat().st_size


def test_others(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert look(path).kind == "svg"
    path.write_bytes(b"")
    assert (look(path).kind, look(path).size) == ("", 0)
    assert look(tmp_path / "gone").kind == ""
    assert look(tmp_path).kind == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    form=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), cut=st.integers(0, 200), put=st.binary(max_size=8)
)
def test_a_broken_picture_is_no_failure(form: str, cut: int, put: bytes, tmp_path: Path) -> None:
    made = io.BytesIO()
    Image.new("RGB", (9, 9)).save(made, form)
    path = tmp_path / "a"
    path.write_bytes(made.getvalue()[:cut] + put)
    assert look(path).kind in ("png", "jpeg", "webp", "gif", "")
