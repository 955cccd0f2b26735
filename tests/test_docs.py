"""The manual is held to the program: what it lists exists, what exists it lists, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from byline import registry
from byline.cli import COMMANDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    [*DOCS.rglob("*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def _words(path: Path) -> str:
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def _anchors(path: Path) -> set[str]:
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?)\s*$", _words(path), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip()
        found.add(re.sub(r"[\s]+", "-", plain))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_words(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.exists() or (anchor and other.suffix == ".md" and anchor not in _anchors(other)):
            broken.append(target)
    assert not broken


def test_the_generated_pages_are_what_the_program_says() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / "_docs.py"), "--check"], check=False)
    assert done.returncode == 0, "run scripts/docs and look at what changed"


def test_every_network_has_its_page() -> None:
    names = registry.channels()
    assert names
    assert [name for name in names if not (DOCS / "channels" / f"{name}.md").is_file()] == []


def test_every_page_of_the_manual_is_reachable_from_its_index() -> None:
    seen, left = set(), [DOCS / "index.md"]
    while left:
        page = left.pop()
        seen.add(page)
        for target in _LINK.findall(_words(page)):
            other = (page.parent / target.partition("#")[0]).resolve()
            if other.suffix == ".md" and other.is_file() and other not in seen:
                left.append(other)
    assert sorted(page for page in DOCS.rglob("*.md") if page not in seen) == []


def test_commands_named_in_the_manual_exist() -> None:
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue
        named = set(re.findall(r"`publish ([a-z]+(?:-[a-z]+)*)", page.read_text(encoding="utf-8")))
        assert named <= set(COMMANDS), page


def test_the_readme_shows_the_two_commands_first_and_stays_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    first_screen = "\n".join(lines[:24])
    assert "scripts/demo" in first_screen
    assert "scripts/test" in first_screen
    assert len(lines) < 100


def test_every_script_named_in_the_readme_is_there() -> None:
    for name in re.findall(r"scripts/([a-z]+)\b(?!\.)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert (ROOT / "scripts" / name).is_file(), name


def test_what_is_quoted_as_a_sign_of_trouble_is_what_the_program_says() -> None:
    table = (
        (DOCS / "how-to" / "incidents.md")
        .read_text(encoding="utf-8")
        .split("| you see |")[1]
        .split("\n\n")[0]
    )
    quoted = [sign for row in table.splitlines()[2:] for sign in re.findall(r"`([^`]+)`", row.split("|")[1])]
    program = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "plugins" / "byline").rglob("*.py"))
    )
    assert len(quoted) > 6
    assert [sign for sign in quoted if sign not in program] == []


def test_the_drawings_of_where_to_click_are_ours_whole_and_told_in_words() -> None:
    script = ROOT / "scripts" / "draw_token_steps.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0
    page = (DOCS / "how-to" / "tokens.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"!\[([^\]]+)\]\(\.\./tokens/(\w+)\.svg\)", page))
    drawn = {file.stem: file.read_text(encoding="utf-8") for file in (DOCS / "tokens").glob("*.svg")}
    assert sorted(shown.values()) == sorted(drawn)
    for words, place in shown.items():
        assert len(words) > 50
        assert "href" not in drawn[place]
        assert drawn[place].count("http") == 1  # the name of SVG itself
        assert re.search(r"<title id=\"t\">[^<]+</title><desc id=\"d\">[^<]+</desc>", drawn[place])
    for name in ("linkedin", "twitter", "mastodon", "bluesky", "facebook"):
        for secret in registry.channel(name).renewal.secrets:  # type: ignore[attr-defined]
            assert f"`{secret}`" in page


def test_actions_that_the_manual_shows_are_the_pinned_ones_of_the_workflows() -> None:
    uses = re.compile(r"uses: ([\w./-]+)@(\S+)(?: # (v\S+))?")
    ours = {
        found[1]: (found[2], found[3])
        for file in (ROOT / ".github" / "workflows").glob("*.yml")
        for found in uses.finditer(file.read_text(encoding="utf-8"))
    }
    shown = [found for page in PAGES for found in uses.finditer(page.read_text(encoding="utf-8"))]
    named = {found[1] for found in shown}
    assert {"actions/checkout", "actions/upload-artifact"} <= named
    for found in shown:
        if found[2] != "COMMIT":
            assert (found[2], found[3]) == ours[found[1]], found[0]


def test_the_steps_for_other_web_hosts_are_steps() -> None:
    """Each block of the page is a list of steps, or the head of a job, as the workflow has them at that place."""
    text = (ROOT / "docs" / "how-to" / "web-hosts.md").read_text(encoding="utf-8")
    blocks = [
        yaml.safe_load(textwrap.dedent(block)) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)
    ]
    assert len(blocks) == 5
    steps = [step for block in blocks for step in (block if isinstance(block, list) else block["steps"])]
    assert [step["name"] for step in steps] == [
        "Hand the site on",
        "Fetch the site",
        "Deploy",
        "Deploy",
        "Deploy",
    ]
    assert all("${{" not in step.get("run", "") for step in steps)  # no word of others in a script
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8"))
    there = {step["name"]: step for job in workflow["jobs"].values() for step in job["steps"]}
    assert there["Hand the site on"]["if"] == steps[0]["if"]
    assert "Deploy" in there
