"""`publish link`: the link, its QR code, its place in the settings, and the report that knows it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

from byline import settings as settings_module
from byline.attribution.touches import Directory
from byline.cli import cli
from byline.cli.common import App
from byline.errors import UsageError
from byline.model import Lead, Touch
from byline.report.build import Material, build
from byline.times import FixedClock
from support import NOW, SETTINGS, make_site


def _run(file: Path, *arguments: str) -> int:
    app = App(clock=FixedClock(NOW), environment={})
    context = cli.make_context("publish", ["-f", str(file), "link", *arguments], obj=app)
    with context:
        code = cli.invoke(context)
    assert isinstance(code, int)
    return code


FAIR = "https://insights.acme.example/?utm_source=fair&utm_medium=offline&utm_campaign=stand-at-the-fair&utm_content=link.stand-at-the-fair"


def test_a_new_link_is_printed_and_kept_and_the_next_time_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make_site(tmp_path, settings=f"# ours\n{SETTINGS}")
    assert _run(file, "Stand at the fair") == 0
    first = capsys.readouterr()
    assert first.out.strip() == FAIR
    assert "Added to `links` in mkdocs.yml" in first.err
    once = file.read_text(encoding="utf-8")
    assert once.startswith("# ours\n")
    assert _run(file, "stand-at-the-fair") == 0
    assert capsys.readouterr().out.strip() == FAIR
    assert file.read_text(encoding="utf-8") == once
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["mkdocs.yml"]


def test_the_report_knows_it(tmp_path: Path) -> None:
    file = make_site(tmp_path)
    _run(file, "Stand at the fair", "--campaign", "q4-renewals")
    settings = settings_module.load(file, {})
    origin = Directory((), {}, (), settings.links.values()).find("link.stand-at-the-fair", "fair")
    assert origin is not None
    assert (origin.post, origin.channel, origin.campaign) == ("link.stand-at-the-fair", "fair", "q4-renewals")
    assert Directory((), {}).find("link.stand-at-the-fair", "fair") is None


@pytest.mark.parametrize("scale", [1, 2])
def test_the_picture_reads_back_as_the_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], scale: int
) -> None:
    file, out = make_site(tmp_path), tmp_path / "stand.png"
    _run(file, "Fair", "--url", "pages/contact/", "--qr", str(out))
    with Image.open(out) as image:
        code = image.convert("L").resize((image.width // scale, image.height // scale))
    (found,) = zxingcpp.read_barcodes(code)
    assert found.text == capsys.readouterr().out.strip()
    assert "/pages/contact/?utm_source=fair" in found.text


def test_the_drawing_for_print_has_its_size_and_its_name(tmp_path: Path) -> None:
    file, out = make_site(tmp_path), tmp_path / "stand.svg"
    _run(file, "Fair & <Flyer>", "--qr", str(out))
    root = ElementTree.fromstring(out.read_text(encoding="utf-8"))
    assert int(root.attrib["width"]) >= 300
    assert "Fair & <Flyer>" in [element.text for element in root]


def test_the_file_is_left_alone_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = make_site(tmp_path)
    before = file.read_bytes()
    assert _run(file, "Fair", "--no-save") == 0
    assert file.read_bytes() == before
    assert 'fair: {name: "Fair", source: fair}' in capsys.readouterr().err


def test_what_cannot_be_edited_safely_is_given_to_paste(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make_site(tmp_path, settings=f"{SETTINGS}      links: {{van: {{source: vehicle}}}}\n")
    before = file.read_bytes()
    assert _run(file, "Fair") == 0
    assert "Put these lines under `- byline:`" in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Summer",), "where it stands"),
        (("Summer", "--source", "fiar"), "no place"),
        (("Fair", "--campaign", "q5"), "no campaign"),
        (("Fair", "--url", "ftp://a.example/"), "does not begin with https"),
        (("Fair", "--medium", "print"), "no medium"),
        (("?!",), "letters or digits"),
        (("Fair", "--qr", "stand.jpg"), "neither .svg nor .png"),
        (("van", "--source", "flyer"), "another source"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    file = make_site(tmp_path, settings=f"{SETTINGS}      links: {{van: {{source: vehicle}}}}\n")
    before = file.read_bytes()
    with pytest.raises(UsageError, match=message):
        _run(file, *arguments)
    assert file.read_bytes() == before


def test_all_links_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = make_site(tmp_path)
    assert _run(file) == 0
    assert "no link in mkdocs.yml yet" in capsys.readouterr().out
    _run(file, "Stand at the fair")
    capsys.readouterr()
    assert _run(file, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["links"]
    assert (row["name"], row["link"]) == ("stand-at-the-fair", FAIR)
    assert _run(file) == 0
    assert "Stand at the fair (Trade fair)" in capsys.readouterr().out


def test_an_enquiry_through_it_stands_in_the_report_by_its_name(tmp_path: Path) -> None:
    file = make_site(tmp_path)
    _run(file, "Stand at the fair", "--campaign", "q4-renewals")
    settings = settings_module.load(file, {})
    touch = Touch(
        at=NOW, source="fair", medium="offline", campaign="q4-renewals", content="link.stand-at-the-fair"
    )
    lead = Lead(id="1", at=NOW, touches=(touch,))
    report = build(
        Material(settings=settings, posts=(), authors={}, leads=(lead,), deals=()),
        now=NOW + timedelta(days=1),
    )
    labels = {by: [row.label for row in table.rows if row.leads] for by, table in report.tables.items()}
    assert (labels["post"], labels["channel"], labels["campaign"]) == (
        ["Stand at the fair"],
        ["Trade fair"],
        ["Q4 renewals"],
    )
    assert report.tables["post"].unattributed.leads == 0


def test_a_link_to_an_example_address_is_not_to_be_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make_site(tmp_path, settings=SETTINGS.replace("insights.acme.example", "www.example.com"))
    assert _run(file, "Stand at the fair") == 0
    said = capsys.readouterr()
    assert said.out.startswith("https://www.example.com/?utm_source=fair")
    assert "change `site_url` in mkdocs.yml" in said.err
    assert "Do not print this link." in said.err
