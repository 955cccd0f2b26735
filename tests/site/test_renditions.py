"""Pictures in a text: sizes, places, and nothing in them that tells about their maker."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from byline.cards import ImageError
from byline.site import body, renditions
from byline.site.body import Source
from byline.wording import words

SECRET = b"Somebody's garden, 52.5200 N 13.4050 E"


def photo(path: Path, size: tuple[int, int] = (2000, 1000), orientation: int = 1, **options: object) -> Path:
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    image.save(path, exif=exif.tobytes(), **options)  # type: ignore[arg-type]
    return path


def source(folder: Path, *names: str) -> Source:
    there = {name: (name, folder / name) for name in names}
    pages = {"posts/b.md": ("posts/b/", folder / "posts/b.md")}
    return Source(
        uri="posts/a.md",
        url="posts/a/",
        by_url=there | {"posts/b/": ("posts/b/", folder)},
        by_uri=there | pages,
    )


def finished(html: str, where: Source, **more: bool) -> body.Body:
    return body.finish(html, where, trusted=False, words=words("en", {}), **more)


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.png"])
def test_what_a_camera_wrote_is_gone_and_every_pixel_stays(tmp_path: Path, name: str) -> None:
    path = photo(tmp_path / name, (300, 200))
    assert SECRET in path.read_bytes()
    made = renditions.bare(path)
    assert SECRET not in made
    with Image.open(io.BytesIO(made)) as after, Image.open(path) as before:
        assert not dict(after.getexif())
        assert after.tobytes() == before.tobytes()


def test_the_words_in_a_png_go(tmp_path: Path) -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", SECRET.decode())
    words.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    path = tmp_path / "a.png"
    Image.new("P", (9, 9)).save(path, pnginfo=words, transparency=0)
    made = renditions.bare(path)
    assert SECRET not in made
    with Image.open(io.BytesIO(made)) as after:
        assert after.info["transparency"] == 0


def test_what_is_appended_to_a_photograph_goes_too(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", (64, 64), progressive=True)
    whole = path.read_bytes()
    path.write_bytes(whole + whole)
    made = renditions.bare(path)
    assert SECRET not in made
    assert len(made) < len(whole)
    with Image.open(io.BytesIO(made)) as after:
        after.load()


def test_a_photograph_that_lies_on_its_side_is_turned_for_good(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", (300, 200), orientation=6)
    assert renditions.look(path).width == 200
    with Image.open(io.BytesIO(renditions.bare(path))) as after:
        assert after.size == (200, 300)
        assert not dict(after.getexif())


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", b"\x89PNG\r\n\x1a\nxx", b"RIFF....WEBPVP8X"]
)
def test_broken_files_stay_as_they_are(tmp_path: Path, data: bytes) -> None:
    for name in ("a.jpg", "a.png", "a.webp"):
        path = tmp_path / name
        path.write_bytes(data)
        assert renditions.bare(path) == data
        with pytest.raises(ImageError, match="picture that can be read"):
            renditions.look(path)


def test_sizes_for_small_screens_and_none_larger_than_the_picture(tmp_path: Path) -> None:
    path = photo(tmp_path / "My Chart (2).jpg", (1300, 650))
    made = renditions.sizes(path, renditions.look(path))
    assert [one.width for one in made] == [480, 800, 1200, 1300]
    assert all(one.url.startswith("assets/images/mychart2-") for one in made)
    with Image.open(io.BytesIO(made[0].make())) as image:
        assert (image.format, image.size) == ("WEBP", (480, 240))
        assert not dict(image.getexif())
    assert made[0].make() == made[0].make()


def test_fifty_million_pixels_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    Image.new("1", (8000, 7000)).save(path)
    with pytest.raises(ImageError, match="8000 x 7000 pixels"):
        renditions.look(path)
    bomb = tmp_path / "bomb.png"
    Image.new("1", (40_000, 20_000)).save(bomb)
    with pytest.raises(ImageError, match="far more pixels"):
        renditions.look(bomb)
    found = finished('<img src="../../huge.png" alt="x">', source(tmp_path, "huge.png"))
    assert "8000 x 7000" in found.notes[0]
    assert found.renditions == ()


def test_a_picture_that_is_damaged_within_is_named_and_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "damaged.png"
    Image.effect_noise((300, 200), 90).save(path)
    data = bytearray(path.read_bytes())
    data[2000:2200] = bytes(200)  # its end is there, so the check takes it for whole
    path.write_bytes(data)
    found = finished('<img src="../../damaged.png" alt="x">', source(tmp_path, "damaged.png"))
    assert found.notes == [
        "damaged.png is no picture that can be read (OSError); save it again as PNG or JPEG"
    ]
    assert 'alt="x"' in found.html
    assert renditions.bare(path) == bytes(data)


def test_a_picture_gets_its_size_its_sizes_and_waits_below_the_fold(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", (900, 600))
    html = (
        '<p><img alt="x" src="../../a.jpg"></p>'
        + "<p>words</p>" * 200
        + '<p><img alt="y" src="../../a.jpg" width="300"></p>'
    )
    found = finished(html, source(tmp_path, "a.jpg"))
    first, second = found.html.split("<img ")[1:]
    assert 'width="900" height="600"' in first
    assert "loading" not in first.split(">")[0]
    assert " 480w, " in first
    assert " 900w" in first
    assert 'width="300"' in second
    assert 'height="200"' in second
    assert 'loading="lazy"' in second
    assert "300px" in second
    assert {one.width for one in found.renditions} == {480, 800, 900}
    late = finished(html, source(tmp_path, "a.jpg"), first_is_late=True)
    assert 'loading="lazy"' in late.html.split("<img ")[1].split(">")[0]


def test_raw_html_leads_where_its_writer_meant(tmp_path: Path) -> None:
    photo(tmp_path / "posts_a.jpg")
    known = Source(
        uri="posts/a.md",
        url="posts/a/",
        by_url={"shot.jpg": ("shot.jpg", tmp_path / "posts_a.jpg"), "posts/b/": ("posts/b/", tmp_path)},
        by_uri={
            "posts/shot.jpg": ("shot.jpg", tmp_path / "posts_a.jpg"),
            "posts/b.md": ("posts/b/", tmp_path),
        },
    )
    html = '<a href="b.md#part">b</a> <a href="../b/">right already</a> <img alt="x" src="shot.jpg"> <a href="https://a.example/b.md">out</a>'
    found = finished(html, known).html
    assert '<a href="../b/#part">' in found
    assert '<a href="../b/">right' in found
    assert 'src="../../shot.jpg"' in found
    assert '<a href="https://a.example/b.md">' in found


@pytest.mark.parametrize(
    ("url", "page", "found"),
    [
        ("a.png", "", "a.png"),
        ("a.png", "posts/x/", "../../a.png"),
        ("posts/b/", "posts/a/", "../b/"),
        ("", "posts/a/", "../../"),
        ("", "", "./"),
        ("a.png", "404.html", "a.png"),
    ],
)
def test_addresses_from_a_page(url: str, page: str, found: str) -> None:
    assert body.relative(url, page) == found


def test_a_picture_that_lies_beside_its_post_is_found_on_the_site(built: Path) -> None:
    page = (built / "posts/nasty/index.html").read_text()
    assert 'src="../../shot.png" width="40" height="30"' in page
