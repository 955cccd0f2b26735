"""Cards and renditions: the same bytes, within the limits, never a crash."""

from __future__ import annotations

import io
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from byline import cards
from byline.drawing import contrast, draw_card, legible, rgb
from byline.lettering.letters import INTER, SERIF, Face, fit, width, wrap
from byline.model import Author, DrawnCard, Picture, Post
from byline.settings import Brand, Settings
from support import NOW

ZONE = ZoneInfo("Europe/Berlin")


def site(root: Path) -> Settings:
    return Settings(
        file=root / "mkdocs.yml",
        root=root,
        docs=root / "content",
        site=root / "site",
        site_name="Acme",
        site_url="https://acme.example/blog/",
        site_description="",
        zone=ZONE,
    )


def post(**changes: object) -> Post:
    base = Post(
        id="hp7",
        path="content/posts/a.md",
        src_uri="posts/a.md",
        url="posts/a/",
        slug="a",
        title="Pricing, the honest version",
        description="What we learnt.",
        excerpt="",
        body="",
        hash="0" * 64,
        published=NOW,
        authors=("dana",),
        categories=("Pricing",),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


AUTHORS = {"dana": Author(id="dana", name="Dana Reyes")}


def drawn(title: str) -> DrawnCard:
    return DrawnCard(
        title=title, kicker="News", byline="Dana", site="Acme", primary="#1f4e79", accent="#c2571a"
    )


def save(path: Path, size: tuple[int, int], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = Image.effect_noise(size, 90).convert("RGB")
    noise.save(path, **options)  # type: ignore[arg-type]
    return path


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_drawn_card_is_1200_by_630_and_the_same_each_time(tmp_path: Path) -> None:
    picture = cards.picture(post(), site(tmp_path), AUTHORS)
    one, two = cards.render(picture), cards.render(picture)
    assert opened(one).size == (1200, 630)
    assert opened(one).format == "PNG"
    assert one == two


def test_the_address_of_a_card_names_the_post_and_changes_with_what_is_seen(tmp_path: Path) -> None:
    before = cards.picture(post(), site(tmp_path), AUTHORS)
    assert before.url == f"https://acme.example/blog/assets/cards/hp7-{before.digest[:8]}.png"
    assert cards.picture(post(body="other"), site(tmp_path), AUTHORS).url == before.url
    for other in (
        cards.picture(post(title="Another"), site(tmp_path), AUTHORS),
        cards.picture(post(categories=("Sales",)), site(tmp_path), AUTHORS),
        cards.picture(post(), site(tmp_path), {"dana": Author(id="dana", name="Dana R.")}),
        cards.picture(post(), replace(site(tmp_path), brand=Brand(primary="#000000")), AUTHORS),
    ):
        assert other.url != before.url


def test_a_card_of_letters_alone_keeps_its_address_whatever_the_language(tmp_path: Path) -> None:
    known = cards.picture(post(), site(tmp_path), AUTHORS)
    assert known.digest[:8] == "d87f58d4"
    assert cards.picture(post(), replace(site(tmp_path), language="de"), AUTHORS).url == known.url
    han = post(title="骨と直角")
    one = cards.picture(han, replace(site(tmp_path), language="ja"), AUTHORS)
    assert one.drawn is not None
    assert one.drawn.language == "ja"
    assert cards.picture(han, replace(site(tmp_path), language="zh-TW"), AUTHORS).url != one.url


def test_authors_in_any_script_stand_on_the_card(tmp_path: Path) -> None:
    people = {"dana": Author(id="dana", name="山田太郎"), "ann": Author(id="ann", name="Ann Lee")}
    both = post(authors=("dana", "ann"))
    for language, names in (("ja", "山田太郎、Ann Lee"), ("ko", "山田太郎, Ann Lee")):
        drawn = cards.picture(both, replace(site(tmp_path), language=language), people).drawn
        assert drawn is not None
        assert drawn.byline == names


def test_a_title_from_right_to_left_turns_the_card_round() -> None:
    ground = rgb("#1f4e79")
    for title, clear in (("Pricing, honestly", (0, 140, 70, 508)), ("السعر بصراحة", (1130, 140, 1200, 508))):
        image = draw_card(replace(drawn(title), kicker="", byline=""), 1200, 630).convert("RGB")
        assert image.crop(clear).getcolors(9) == [(70 * 368, ground)], title
        bar = (76, 88, 120, 93) if clear[0] == 0 else (1080, 88, 1124, 93)
        assert image.crop(bar).getcolors(9) is not None
        assert image.crop(bar).getpixel((5, 2)) != ground


def test_an_image_of_the_post_is_cropped_and_follows_the_bytes_of_the_file(tmp_path: Path) -> None:
    file = save(tmp_path / "content" / "posts" / "cover.png", (900, 900))
    with_image = post(image="posts/cover.png", image_alt="A price tag")
    picture = cards.picture(with_image, site(tmp_path), AUTHORS)
    assert picture.alt == "A price tag"
    assert opened(cards.render(picture)).size == (1200, 630)
    save(file, (901, 900))
    assert cards.picture(with_image, site(tmp_path), AUTHORS).digest != picture.digest


def test_a_photograph_stays_a_jpeg_and_loses_what_the_camera_noted(tmp_path: Path) -> None:
    noted = Image.Exif()
    noted[0x010E] = "at home, 12 Elm Road"
    noted[0x0112] = 6  # the camera was held upright
    save(tmp_path / "content" / "p.jpg", (1600, 1200), exif=noted)
    picture = cards.picture(post(image="p.jpg"), site(tmp_path), AUTHORS)
    data = cards.render(picture)
    assert picture.url.endswith(".jpg")
    assert opened(data).format == "JPEG"
    assert b"Elm Road" not in data
    assert cards.size(tmp_path / "content" / "p.jpg") == (1200, 1600)


def test_an_svg_can_be_the_picture_of_a_post(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "c.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="315"><rect width="600" height="315" '
        'fill="url(#a)"/><defs><linearGradient id="a"><stop stop-color="#ff0000"/></linearGradient></defs></svg>'
    )
    data = cards.render(cards.picture(post(image="c.svg"), site(tmp_path), AUTHORS))
    assert opened(data).convert("RGB").getpixel((600, 300)) == (255, 0, 0)


@pytest.mark.parametrize(
    "inside",
    [
        '<image xlink:href="file://{secret}" width="40" height="40"/>',
        "<image href='{secret}' width='40' height='40'/>",
        '<image href = "&#47;etc/passwd"/>',
        '<rect fill="url({secret})" width="9" height="9"/>',
        '<style>@import "x.css";</style>',
    ],
)
def test_an_svg_reads_no_other_file(tmp_path: Path, inside: str) -> None:
    secret = save(tmp_path / "secret.png", (40, 40))
    drawing = tmp_path / "c.svg"
    drawing.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="40">'
        f"{inside.format(secret=secret)}</svg>"
    )
    with pytest.raises(cards.ImageError, match="another file"):
        cards.render(cards.file_picture(drawing, "x"))


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"<svg", b"\xff\xd8\xff\xe0broken"],
)
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.svg"])
def test_a_broken_file_is_named_in_words(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(cards.ImageError, match=name):
        cards.render(cards.file_picture(tmp_path / name, ""))


def test_a_missing_file_is_named_in_words(tmp_path: Path) -> None:
    with pytest.raises(cards.ImageError, match=r"gone\.png"):
        cards.render(cards.file_picture(tmp_path / "gone.png", ""))


def test_a_decompression_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(cards.ImageError, match="pixels"):
        cards.render(cards.file_picture(tmp_path / "bomb.png", ""))


@pytest.mark.parametrize(
    ("types", "max_bytes", "max_pixels", "mime"),
    [
        (("image/png", "image/jpeg"), 5_000_000, 10_000_000, "image/png"),
        (("image/jpeg",), 5_000_000, 10_000_000, "image/jpeg"),
        (("image/jpeg", "image/png"), 60_000, 10_000_000, "image/jpeg"),
        (("image/png",), 400_000, 10_000_000, "image/png"),
        (("image/jpeg", "image/png", "image/gif"), 9_000_000, 90_000, "image/png"),
    ],
)
def test_a_rendition_keeps_to_the_limits(
    tmp_path: Path, types: tuple[str, ...], max_bytes: int, max_pixels: int, mime: str
) -> None:
    file = save(tmp_path / "noise.png", (1000, 700))
    made = cards.rendition(
        cards.file_picture(file, ""), types=types, max_bytes=max_bytes, max_pixels=max_pixels
    )
    assert made.mime == mime
    assert len(made.data) <= max_bytes
    assert made.width * made.height <= max_pixels
    assert opened(made.data).size == (made.width, made.height)


def test_a_rendition_can_be_cropped_to_a_size(tmp_path: Path) -> None:
    file = save(tmp_path / "p.jpg", (1000, 1000))
    made = cards.rendition(
        cards.file_picture(file, ""),
        types=("image/jpeg",),
        max_bytes=900_000,
        max_pixels=9_000_000,
        width=1200,
        height=627,
    )
    assert (made.width, made.height) == (1200, 627)


def test_what_cannot_be_made_small_enough_is_said(tmp_path: Path) -> None:
    file = save(tmp_path / "p.png", (400, 400))
    with pytest.raises(cards.ImageError, match="smaller than 300 bytes"):
        cards.rendition(
            cards.file_picture(file, ""), types=("image/jpeg",), max_bytes=300, max_pixels=1_000_000
        )
    with pytest.raises(cards.ImageError, match="image/avif"):
        cards.rendition(
            cards.file_picture(file, ""), types=("image/avif",), max_bytes=300_000, max_pixels=10_000
        )


def test_a_card_carries_title_description_and_link(tmp_path: Path) -> None:
    made = cards.card(post(), site(tmp_path), AUTHORS, "https://acme.example/x")
    assert (made.url, made.title, made.description) == (
        "https://acme.example/x",
        "Pricing, the honest version",
        "What we learnt.",
    )


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=120))
def test_no_title_breaks_the_drawing(title: str) -> None:
    image = draw_card(drawn(title), 1200, 630).convert("RGB")
    assert image.size == (1200, 630)


def test_titles_of_all_lengths_stay_off_the_edges() -> None:
    ground = rgb("#1f4e79")
    for title in ("A", "Wide " * 60, "W" * 200, "Ä" * 33 + " short"):
        image = draw_card(drawn(title), 1200, 630).convert("RGB")
        left = image.crop((0, 0, 60, 630)).getcolors(1000)
        assert left == [(60 * 630, ground)], title
        between = image.crop((76, 515, 800, 540)).getcolors(100_000)
        assert between == [(724 * 25, ground)], title


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abcWÄ 漢-,.", min_size=1, max_size=90), st.integers(200, 900))
def test_no_line_is_wider_than_its_room(text: str, room: int) -> None:
    for line in wrap(text, Face(SERIF, 640), 60, room):
        assert width(line, Face(SERIF, 640), 60) <= room + 0.01


def test_a_longer_title_is_set_smaller() -> None:
    face = Face(SERIF, 640)
    large, _ = fit("Short", face, (900, 360), (90, 60, 45), 1.1, 4)
    small, lines = fit("A much longer headline than that one " * 3, face, (900, 360), (90, 60, 45), 1.1, 4)
    assert large == 90
    assert small < 90
    assert small * 1.1 * len(lines) <= 360


@pytest.mark.parametrize(
    "title", ["word " * 4000, "价格" * 10_000, "Za" + "\u0301" * 5000 + "lgo", "(" * 5000 + "א"]
)
def test_a_title_without_end_costs_no_time(title: str) -> None:
    began = time.process_time()
    draw_card(drawn(title), 1200, 630)
    assert time.process_time() - began < 20  # it took minutes


def test_pairs_of_letters_are_moved_together() -> None:
    for family in (SERIF, INTER):
        face = Face(family, 600)
        assert width("AV", face, 100) < width("A", face, 100) + width("V", face, 100)
        assert width("ÄV", face, 100) < width("Ä", face, 100) + width("V", face, 100)


def test_colours_are_made_legible() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    for accent in ("#1f4e79", "#c2571a", "#ffffff", "#000000", "nonsense"):
        for ground in ("#1f4e79", "#f2e9dc", "#777777"):
            assert contrast(legible(rgb(accent), rgb(ground), 4.5), rgb(ground)) >= 4.5


def test_a_picture_of_the_whole_site_exists(tmp_path: Path) -> None:
    picture = cards.site_picture(site(tmp_path))
    assert isinstance(picture, Picture)
    assert "/assets/cards/site-" in picture.url
    assert opened(cards.render(picture)).size == (1200, 630)
