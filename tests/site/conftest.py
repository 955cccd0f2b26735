"""The sample site, built once."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from site_sample import run, sample


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mkdocs.yml of the sample site, not to be changed."""
    return sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def built(sample_file: Path) -> Path:
    """The folder of the sample site, built."""
    return run(sample_file).folder


@pytest.fixture
def own_site(tmp_path: Path, sample_file: Path, built: Path) -> Path:
    """A copy of the sample site that a test may change; its pictures are drawn already."""
    assert built.exists()
    copytree(sample_file.parent / ".byline", tmp_path / ".byline")
    return sample(tmp_path)
