"""What a release consists of beside its code: the same bytes each time, a list of parts, hooks and an action for others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from byline import __version__
from runner import BIN, stub
from support import POST, make_site

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_same_source_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    made = []
    for name, zone in (("one", "UTC"), ("two", "Pacific/Auckland")):
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(tmp_path / name)],
            check=True,
            cwd=ROOT,
            capture_output=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1764000000", "TZ": zone},
        )
        (file,) = (tmp_path / name).iterdir()
        made.append(file)
    assert made[0].name == made[1].name
    assert made[0].read_bytes() == made[1].read_bytes()
    if kind == "sdist":
        with tarfile.open(made[0]) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        tracked = subprocess.run(
            ["git", "ls-files", "plugins", "docs"], check=True, cwd=ROOT, capture_output=True, text=True
        ).stdout.splitlines()
        assert {name for name in tracked if (ROOT / name).is_file()} <= names
        assert {"LICENSE", "CHANGELOG.md", "README.md", "pyproject.toml", "PKG-INFO"} <= names


def test_the_list_of_parts_is_the_lock(tmp_path: Path) -> None:
    done = subprocess.run([ROOT / "scripts" / "sbom"], check=True, capture_output=True, text=True).stdout
    value = json.loads(done)
    assert (value["bomFormat"], value["specVersion"]) == ("CycloneDX", "1.5")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", value["serialNumber"])
    assert value["metadata"]["component"]["version"] == __version__
    lock = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", lock, re.M))
    listed = {(item["name"], item["version"]) for item in value["components"]}
    assert {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in pinned} == listed
    hashes = {entry["value"] for item in value["components"] for entry in item["properties"]}
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", lock))
    refs = [item["bom-ref"] for item in value["components"]]
    assert len(refs) == len(set(refs))
    assert value["dependencies"][0]["dependsOn"] == refs
    (tmp_path / "loose.txt").write_text("click>=8\n")
    loose = subprocess.run(
        [ROOT / "scripts" / "sbom", str(tmp_path / "loose.txt")], check=False, capture_output=True, text=True
    )
    assert loose.returncode == 1
    assert "pins nothing: click>=8" in loose.stderr


def test_the_changelog_tells_of_this_version_and_of_what_comes() -> None:
    heads = re.findall(r"^## \[?([^\]\n]+?)\]?(?: .*)?$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert heads[0].startswith("Unreleased") or heads[0] == __version__
    released = [head for head in heads if head[:1].isdigit()]
    assert released == sorted(
        released, key=lambda text: [int(part) for part in text.split(".")], reverse=True
    )
    assert len(released) == len(set(released))


def test_the_hook_stops_a_commit_with_a_mistake(tmp_path: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["publish-check", "publish-check-installed"]
    for text, code in ((POST, 0), (POST.replace("date: 2026-11-24", "date: soon"), 5)):
        make_site(tmp_path, posts={"hp7.md": text})
        for hook in hooks:
            assert hook["pass_filenames"] is False
            assert re.match(hook["files"], "content/posts/hp7.md")
            assert re.match(hook["files"], "mkdocs.yml")
            assert not re.match(hook["files"], "README.md")
            done = subprocess.run(
                [str(BIN / hook["entry"].split()[0]), *hook["entry"].split()[1:]],
                cwd=tmp_path,
                check=False,
                capture_output=True,
            )
            assert done.returncode == code, done.stdout


def test_the_action_checks_builds_and_shows_and_takes_no_secret(tmp_path: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert "secrets" not in (ROOT / "action.yml").read_text(encoding="utf-8").replace("no secret", "")
    for line in re.findall(r"uses:.*", (ROOT / "action.yml").read_text(encoding="utf-8")):
        assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)
    folder = tmp_path / "$(touch pwned) site"
    make_site(folder, posts={"$(touch pwned).md": POST})
    stub(tmp_path / "bin", "pip", ":")
    (tmp_path / "summary").touch()
    (tmp_path / "output").touch()
    ran = []
    for step in action["runs"]["steps"]:
        if "run" not in step:
            continue
        assert "${{" not in step["run"]
        assert step["working-directory"] == "${{ inputs.folder }}"
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder,
            env={
                "PATH": f"{tmp_path / 'bin'}:{BIN}:{os.defpath}",
                "HOME": str(tmp_path),
                "LANG": "C.UTF-8",
                "NO_MKDOCS_2_WARNING": "1",
                "GITHUB_OUTPUT": str(tmp_path / "output"),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, step["name"] + done.stdout + done.stderr
        ran.append(step["name"])
    assert ran == ["Install", "Check", "Build", "Show what goes out"]
    assert "What goes out" in (tmp_path / "summary").read_text()
    assert (tmp_path / "output").read_text() == f"site={folder}/site\n"
    assert (folder / "site" / "index.html").is_file()
    assert not list(tmp_path.rglob("pwned"))


def test_zizmor_finds_nothing_in_the_action(tmp_path: Path) -> None:
    (tmp_path / "action.yml").write_bytes((ROOT / "action.yml").read_bytes())
    done = subprocess.run(
        [
            BIN / "zizmor",
            "--offline",
            "--no-progress",
            "--no-config",
            "--persona=auditor",
            str(tmp_path / "action.yml"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
