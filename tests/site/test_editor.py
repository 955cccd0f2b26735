"""Writing without git: the editor's page offers every field of a post, and what it writes passes the check."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from byline import checks, content, settings
from byline.errors import SettingsError
from byline.reading import post as reading
from byline.site import editor
from served import served, watched
from site_sample import NOW, SETTINGS, run

if TYPE_CHECKING:
    from playwright.sync_api import Page

BLOCK = """\
editor: {EDITOR}
      share_by_default: [linkedin]
      channels:
        linkedin:
          accounts:
            company: {urn: "urn:li:organization:2414183"}
            dana: {urn: "urn:li:person:Kx1"}
        mastodon: {accounts: {acme: {server: https://mastodon.social}}}
      campaigns: {q4: {name: Quarter four}}
      audiences: {makers: Makers}
      timezone:"""
NOT_OFFERED = {"pin", "links", "readtime", "hide", *reading.PASSED_ON}  # MkDocs' own


def with_editor(file: Path, words: str = "{backend: github, repo: acme/insights, branch: main}") -> Path:
    text = BLOCK.replace("{EDITOR}", words)
    file.write_text(SETTINGS.replace("timezone:", text), encoding="utf-8")
    return file


def test_every_key_of_a_post_is_a_field_and_every_network_has_its_words(own_site: Path) -> None:
    loaded = settings.load(with_editor(own_site), {})
    found = {one["name"]: one for one in editor.fields(loaded, content.read(loaded).authors, ["Pricing"])}
    assert set(found) - {"body"} == set(reading.KEYS) - NOT_OFFERED
    share = {one["name"]: one for one in found["share"]["fields"]}
    assert set(share) == {"at", "linkedin", "mastodon"}
    assert {one["name"] for one in share["linkedin"]["fields"]} == {"text", "as"}
    assert [one["value"] for one in found["authors"]["options"]] == ["dana", "lee"]
    assert [one["value"] for one in found["campaign"]["options"]] == ["q4"]
    needed = [name for name, one in found.items() if one.get("required", True)]
    assert needed == ["title", "description", "date", "authors", "body", "id"]
    assert re.fullmatch(found["slug"]["pattern"][0], "honest-pricing")


def _told(fields: object) -> set[str]:
    """Every label, hint and demand on a text."""
    if isinstance(fields, list):
        return {word for one in fields for word in _told(one)}
    assert isinstance(fields, dict)
    own = {fields[key] for key in ("label", "label_singular", "hint") if key in fields}
    return own | set(fields.get("pattern", ())[1:]) | _told(fields.get("fields", []))


def test_a_german_company_s_page_speaks_german(own_site: Path) -> None:
    with_editor(own_site)
    english = settings.load(own_site, {})
    own_site.write_text(own_site.read_text().replace("name: material", "name: material\n  language: de-AT"))
    german = settings.load(own_site, {})
    authors = content.read(german).authors
    before, after = (editor.config(one, authors, ["Pricing"]) for one in (english, german))
    names = {"LinkedIn", "Mastodon", "Text"}
    assert _told(before["collections"]) & _told(after["collections"]) == names
    assert {"Titel", "Artikel", "Kleinbuchstaben, Ziffern und einzelne Bindestriche"} <= _told(
        after["collections"]
    )
    assert after["app_title"].endswith(": schreiben")
    brand = replace(german.brand, logo="assets/our logo.svg")
    branded = editor.config(replace(german, brand=brand), authors, ["Pricing"])
    assert branded["logo"] == {"src": "../assets/our%20logo.svg"}
    assert "logo" not in after

    def keys(fields: list[dict[str, Any]]) -> list[Any]:
        return [(one["name"], one.get("options"), keys(one.get("fields", []))) for one in fields]

    assert keys(before["collections"]) == keys(after["collections"])  # what is written stays the same


def test_the_page_is_no_secret_and_in_no_list(own_site: Path) -> None:
    folder = run(with_editor(own_site)).folder
    page = (folder / "admin/index.html").read_text(encoding="utf-8")
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert "https://api.github.com" in page
    made = json.loads((folder / "admin/config.yml").read_text(encoding="utf-8"))
    assert made["backend"]["repo"] == "acme/insights"
    assert made["publish_mode"] == "editorial_workflow"
    for name in ("sitemap.xml", "feed.xml", "index.html", "search/search_index.json", "llms.txt"):
        assert "admin/" not in (folder / name).read_text(encoding="utf-8"), name
    assert (folder / "admin/sveltia@0.221.1/locales/de.json").is_file()
    assert b"cdn.jsdelivr.net" not in (folder / "admin/sveltia-cms.js").read_bytes()
    assert (folder / "admin/signs.woff2").read_bytes()[:4] == b"wOF2"


def test_without_the_setting_there_is_no_such_page(built: Path) -> None:
    assert not (built / "admin").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("{backend: github}", "missing"),
        ("{backend: githob, repo: a/b}", "unknown-value"),
        ("{repo: https://github.com/acme/insights}", "wrong-form"),
        ("{repo: a/b, token: ghp_abc}", "unknown-key"),
        ("{repo: a/b, base_url: http://sign-in.example}", "plain-http"),
    ],
)
def test_a_slip_in_the_setting_is_told(own_site: Path, words: str, code: str) -> None:
    with pytest.raises(SettingsError) as found:
        settings.load(with_editor(own_site, words), {})
    assert code in {problem.code for problem in found.value.problems}


READ_ALL = """async () => {
  const found = {};
  const walk = async (folder, path) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === "directory") await walk(handle, path + name + "/");
      else found[path + name] = await (await handle.getFile()).text();
    }
  };
  await walk(await navigator.storage.getDirectory(), "");
  return found;
}"""


@pytest.mark.browser
def test_a_post_written_on_the_page_passes_the_check(own_site: Path, page: Page) -> None:
    folder = run(with_editor(own_site, "{backend: test-repo}")).folder
    page.set_default_timeout(120_000)
    complaints, outside = watched(page)
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    with served(folder) as home:
        page.goto(f"{home}admin/")
        page.get_by_role("button", name="Work with Test Repository").click()
        page.get_by_text("Create New Entry").or_(page.get_by_role("button", name="New")).first.wait_for()
        page.goto(f"{home}admin/#/collections/posts/new")
        page.locator("section.field[data-key-path=title] input").fill("Written: on a page, “without git”")
        page.locator("section.field[data-key-path=description] textarea").fill("What it says.")
        page.locator("section.field[data-key-path=authors]").get_by_text("Dana").click()
        page.locator("section.field[data-key-path=categories]").get_by_text("Pricing").click()
        page.locator("section.field[data-key-path=body] [contenteditable=true]").click()
        page.keyboard.type("The text of it.")
        page.locator("section.field[data-key-path=share]").get_by_text("Add").click()
        page.locator("section.field[data-key-path=share]").get_by_role("button", name="Expand").click()
        page.locator('section.field[data-key-path="share.mastodon"] textarea').fill("Said on Mastodon.")
        page.locator('section.field[data-key-path="share.at"] input').fill("2026-12-01 09:00")
        page.get_by_role("button", name="Save").first.click()
        page.get_by_text("Entry saved").wait_for()
        written = {name: text for name, text in page.evaluate(READ_ALL).items() if name.endswith(".md")}
    assert outside == []
    assert not [text for text in warnings if "not defined in the Sveltia CMS configuration schema" in text]
    assert not [text for text in complaints if "Content Security Policy" in text]
    ((name, text),) = written.items()
    file = own_site.parent / name.partition("/")[2]
    assert file.parent.parent == own_site.parent / "content" / "posts"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    loaded = settings.load(own_site, {})
    read = content.read(loaded)
    shown = file.relative_to(own_site.parent).as_posix()
    found = checks.run(loaded, read, [shown], now=NOW)
    assert [problem for problem in found if problem.severity == "error"] == []
    (post,) = [one for one in read.posts if one.path == shown]
    assert (post.title, post.authors, post.categories) == (
        "Written: on a page, “without git”", ("dana",), ("Pricing",),
    )  # fmt: skip
    assert re.fullmatch(r"p[0-9a-f]{12}", post.id)
    assert post.share is not None
    assert post.share.networks["mastodon"].texts == ("Said on Mastodon.",)
    assert post.share.at is not None
    assert post.share.at.isoformat() == "2026-12-01T09:00:00+01:00"
