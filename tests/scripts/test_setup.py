"""The set-up of a fresh machine: what it takes from the caller, when it does nothing, what it says when it cannot."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """scripts/_setup.py for a repository of its own, in a folder whose name has a space."""
    spec = importlib.util.spec_from_file_location("_setup_under_test", ROOT / "scripts" / "_setup.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root = tmp_path / "a b"
    (root / "requirements").mkdir(parents=True)
    (root / "requirements" / "run.txt").write_text("# nothing\n")
    (root / "pyproject.toml").write_text("")
    monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(module, "VENV", root / ".venv")
    return module


def test_the_callers_environment_stays_outside(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    found = setup.environment()
    assert not {"PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET"} & set(found)
    assert found["HTTPS_PROXY"] == "http://proxy.example:3128"


def test_uv_is_told_what_pip_is_told(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://packages.example/simple\nextra-index-url =\n  https://a.example/\n  https://b.example/\n"
        "[install]\nfind-links = /wheels /more\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_CERT", "/our/ca.pem")
    found = setup.pip_settings_for_uv()
    assert found["UV_DEFAULT_INDEX"] == "https://packages.example/simple"
    assert found["UV_INDEX"] == "https://a.example/ https://b.example/"
    assert found["UV_FIND_LINKS"] == "/wheels,/more"
    assert found["SSL_CERT_FILE"] == "/our/ca.pem"


def test_a_second_run_does_nothing(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = []
    monkeypatch.setattr(setup, "_install", lambda *given: installed.append(given))
    monkeypatch.setattr(setup.shutil, "which", lambda _name: None)
    setup.ready("run")
    assert setup.python().exists()
    setup.ready("run")
    assert len(installed) == 1
    (setup.ROOT / "requirements" / "run.txt").write_text("# changed\n")
    setup.ready("run")
    assert len(installed) == 2


def test_a_broken_environment_is_made_again(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "_install", lambda *_given: None)
    monkeypatch.setattr(setup.shutil, "which", lambda _name: None)
    setup.python().parent.mkdir(parents=True)
    setup.python().write_text("not an interpreter")
    setup.ready("run")
    assert (
        subprocess.run([setup.python(), "-c", "print(6 * 7)"], check=True, capture_output=True).stdout
        == b"42\n"
    )


def _give_pip(setup: ModuleType, said: str) -> None:
    """A pip that tells its version and cannot install anything."""
    folder = next((setup.VENV / "lib").glob("python3*")) / "site-packages" / "pip"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "__main__.py").write_text(
        f"import sys\nif 'install' in sys.argv:\n    print({said!r})\n    sys.exit(1)\n"
    )


def test_without_an_index_the_message_says_what_to_do(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup.shutil, "which", lambda _name: None)
    setup._make()
    _give_pip(setup, "ERROR: No matching distribution found for altair==6.3.0")
    with pytest.raises(setup.SetupFailed, match="could not be installed") as failed:
        setup.ready("run")
    assert "No matching distribution" in str(failed.value)
    assert "check the connection" in str(failed.value)
    assert not (setup.VENV / "byline-run.stamp").exists()


def test_where_debian_left_pip_out_the_message_names_the_package(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup.shutil, "which", lambda _name: None)
    setup._make()
    packages = next((setup.VENV / "lib").glob("python3*")) / "site-packages"
    (packages / "ensurepip.py").write_text("raise SystemExit('ensurepip is not available')")
    monkeypatch.setattr(setup, "environment", lambda: {**os.environ, "PYTHONPATH": str(packages)})
    with pytest.raises(setup.SetupFailed, match="apt install python3-venv"):
        setup.ready("run")


def test_an_old_python_is_told_what_is_needed(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "OLDEST", (99, 0))
    monkeypatch.setattr(setup.shutil, "which", lambda _name: None)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        setup.newer_python()


@pytest.mark.parametrize("name", ["demo", "test", "check", "bench", "docs", "lock"])
def test_the_entries_are_plain_shell_and_may_be_run(name: str) -> None:
    path = ROOT / "scripts" / name
    assert path.stat().st_mode & 0o111
    subprocess.run(["sh", "-n", str(path)], check=True)


@pytest.mark.parametrize("name", ["_setup.py", "_test.py", "_bench.py", "publish.py"])
def test_what_runs_before_the_set_up_needs_the_standard_library_alone(name: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r}); import {Path(name).stem}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
