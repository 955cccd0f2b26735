"""The picture of a post: its own image, or a drawn card, as 1200x630 for link previews and as networks take it.

`picture` is cheap and pure but for reading the image file: plans and checks call it for every post. Pixels are
made only by `render` and `rendition`, and the same inputs always give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byline import links
from byline.errors import BylineError
from byline.lettering.letters import plain
from byline.model import Author, Card, DrawnCard, Picture, Post
from byline.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, HEIGHT = 1200, 630
MAX_SOURCE_BYTES = 30_000_000
MAX_SOURCE_PIXELS = 60_000_000
_VERSION = "2"  # part of every digest: raised when the same inputs are drawn differently
_PHOTO = {".jpg", ".jpeg", ".webp", ".avif"}
_OUTSIDE = re.compile(
    r"""href\s*=\s*(?:"(?!\s*(?:\#|data:))|'(?!\s*(?:\#|data:)))|url\(\s*["']?(?!\s*["']?(?:\#|data:))|@import|<!ENTITY""",
    re.IGNORECASE,
)
_QUALITIES = (88, 80, 70, 58, 45)


class ImageError(BylineError):
    """A picture that cannot be used: unreadable, too large, or impossible to make small enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A picture as bytes that a network takes."""

    data: bytes
    mime: str
    width: int
    height: int


def picture(post: Post, settings: Settings, authors: Mapping[str, Author]) -> Picture:
    """The 1200x630 picture of the post: its image cropped, else a card of its title.

    `url` ends in `assets/cards/<post id>-<digest8>.png` (`.jpg` for a photograph), so it changes with what is seen.
    """
    if post.image:
        path = settings.docs / post.image
        digest = _digest("crop", file_digest(path))
        suffix = ".jpg" if path.suffix.lower() in _PHOTO else ".png"
        return Picture(
            digest=digest,
            alt=post.image_alt or post.title,
            url=_url(settings, post.id, digest, suffix),
            path=path,
        )
    names = [authors[name].name if name in authors else name for name in post.authors]
    names = [name for name in names if _drawable(name)]
    kicker, site = post.categories[0] if post.categories else "", settings.brand.name or settings.site_name
    drawn = DrawnCard(
        title=post.title,
        kicker=kicker,
        byline=_join(names, settings.language),
        site=site,
        primary=settings.brand.primary,
        accent=settings.brand.accent,
        language=_language(settings, post.title, kicker, *names, site),
    )
    digest = _digest(
        "card",
        *(drawn.title, drawn.kicker, drawn.byline, drawn.site, drawn.primary, drawn.accent),
        *([drawn.language] if drawn.language else []),
    )
    return Picture(digest=digest, alt=post.title, url=_url(settings, post.id, digest, ".png"), drawn=drawn)


def site_picture(settings: Settings) -> Picture:
    """The picture of pages that are no posts: the company's name and claim."""
    name = settings.brand.name or settings.site_name
    title = settings.brand.claim or settings.site_description or name
    drawn = DrawnCard(
        title=title,
        kicker="",
        byline="",
        site=name,
        primary=settings.brand.primary,
        accent=settings.brand.accent,
        language=_language(settings, title, name),
    )
    digest = _digest(
        "card",
        *(drawn.title, drawn.site, drawn.primary, drawn.accent),
        *([drawn.language] if drawn.language else []),
    )
    return Picture(digest=digest, alt=name, url=_url(settings, "site", digest, ".png"), drawn=drawn)


def file_picture(path: Path, alt: str) -> Picture:
    """A picture given for one network: the file as it is, not on the site."""
    return Picture(digest=_digest("file", file_digest(path)), alt=alt, path=path)


def card(post: Post, settings: Settings, authors: Mapping[str, Author], url: str) -> Card:
    """What stands under the post on a network that shows a link card; `url` is the tagged link."""
    return Card(
        url=url,
        title=post.title,
        description=post.description or post.excerpt,
        picture=picture(post, settings, authors),
    )


def render(source: Picture) -> bytes:
    """1200x630 pixels, PNG, or JPEG when the picture's URL ends in `.jpg`. Raises ImageError."""
    image = _cropped(_open(source), WIDTH, HEIGHT)
    if source.url.endswith(".jpg"):
        return _jpeg(image, 84)
    return _png(image)


def rendition(
    source: Picture,
    *,
    types: Sequence[str],
    max_bytes: int,
    max_pixels: int,
    width: int = 0,
    height: int = 0,
) -> Rendition:
    """The picture in the first type that fits the limits; cropped to width x height when both are given.

    Never larger than the source; what the camera noted (place, owner) is left out. Raises ImageError when no
    type fits.
    """
    image = _open(source).convert("RGB")
    if width and height:
        image = _cropped(image, width, height)
    if image.width * image.height > max_pixels:
        image = _scaled(image, (max_pixels / (image.width * image.height)) ** 0.5)
    drawn = source.drawn is not None or (source.path is not None and source.path.suffix.lower() not in _PHOTO)
    wanted = [name for name in ("image/png", "image/jpeg") if name in types]
    if not wanted:
        raise ImageError(
            f"this network takes {', '.join(types)}; pictures are made as PNG and JPEG",
            hint="leave the image out of this network",
        )
    if not drawn:
        wanted.reverse()
    for _ in range(6):
        for mime in wanted:
            for data in _encoded(image, mime):
                if len(data) <= max_bytes:
                    return Rendition(data=data, mime=mime, width=image.width, height=image.height)
        image = _scaled(image, 0.8)
    raise ImageError(
        f"{_name(source)} cannot be made smaller than {max_bytes:,} bytes",
        hint="give a simpler picture",
    )


def size(path: Path) -> tuple[int, int]:
    """Width and height as shown. Raises ImageError for what is no usable picture."""
    image = _load(path)
    return image.width, image.height


def mark(path: Path) -> Image:
    """The image file with what is see-through in it, for the site's small picture. Raises ImageError."""
    from PIL import Image as images

    if path.suffix.lower() != ".svg":
        _load(path)  # refuses what is no usable picture
        with images.open(path) as image:
            return image.convert("RGBA")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path.name} cannot be read: {error.strerror}", hint="mend the path") from None
    with images.open(io.BytesIO(_from_svg(path.name, data))) as image:
        return image.convert("RGBA")


def cropped(path: Path, width: int, height: int) -> Image:
    """The image file as RGB pixels of that size, cropped to its proportions. Raises ImageError."""
    return _cropped(_load(path), width, height)


def webp(image: Image, quality: int, **more: Any) -> bytes:
    """The picture as WebP; `more` is as Pillow's."""
    from PIL import WebPImagePlugin  # noqa: F401 - else all formats are imported to find this one

    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality, method=4, **more)
    return out.getvalue()


def _url(settings: Settings, name: str, digest: str, suffix: str) -> str:
    return links.canonical(settings.site_url, f"assets/cards/{name}-{digest[:8]}{suffix}")


def _language(settings: Settings, *texts: str) -> str:
    """The site's language where a text is shaped; empty where letters alone are set, which are the same in each."""
    return "" if all(plain(text) for text in texts) else settings.language


def _drawable(name: str) -> bool:
    if plain(name):
        return True
    from byline.lettering.words import readable

    return bool(readable(name))


def _join(names: Sequence[str], language: str) -> str:
    if len(names) < 2:
        return "".join(names)
    if not all(plain(name) for name in names):  # what stands before the last is said in too many ways
        return ("、" if language.startswith(("ja", "zh")) else ", ").join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _digest(*parts: str) -> str:
    whole = "\x1f".join((_VERSION, *parts))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    """The sha256 of the file's bytes; `missing` where there is none. Read again only when its time or size changed."""
    try:
        seen = path.stat()
        return _hashed(path, seen.st_mtime_ns, seen.st_size)
    except OSError:
        return "missing"  # the check names it; a picture asked for later says so itself


@lru_cache(maxsize=4096)
def _hashed(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(source: Picture) -> str:
    return source.path.name if source.path else "the drawn card"


def _open(source: Picture) -> Image:
    if source.drawn is not None:
        from byline.drawing import draw_card

        return draw_card(source.drawn, WIDTH, HEIGHT)
    assert source.path is not None
    return _load(source.path)


def _load(path: Path) -> Image:
    """The file as RGB pixels, turned upright, on white where it is see-through."""
    from PIL import Image as images
    from PIL import ImageOps

    try:
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise ImageError(
                f"{path.name} is larger than {MAX_SOURCE_BYTES // 1_000_000} MB", hint="save it smaller"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(
            f"the image {path.name} cannot be read: {error.strerror}", hint="mend the path"
        ) from None
    if path.suffix.lower() == ".svg":
        data = _from_svg(path.name, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", images.DecompressionBombWarning)  # refused just below, in words
            image = images.open(io.BytesIO(data))
        if image.width * image.height > MAX_SOURCE_PIXELS:
            raise ImageError(
                f"{path.name} has {image.width} x {image.height} pixels, more than any screen shows",
                hint=f"save it with at most {MAX_SOURCE_PIXELS // 1_000_000} million pixels",
            )
        image.load()
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "PA", "P") or "transparency" in upright.info:
            seen = upright.convert("RGBA")
            white = images.new("RGBA", seen.size, "white")
            return images.alpha_composite(white, seen).convert("RGB")
        return upright.convert("RGB")
    except ImageError:
        raise
    except images.DecompressionBombError:
        raise ImageError(
            f"{path.name} unpacks to far more pixels than any screen shows", hint="save it smaller"
        ) from None
    except Exception as error:  # noqa: BLE001 - decoders raise whatever a broken file leads them to
        raise ImageError(
            f"{path.name} is no picture that can be read ({type(error).__name__})",
            hint="save it again as PNG or JPEG",
        ) from None


def _from_svg(name: str, data: bytes) -> bytes:
    import vl_convert

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImageError(f"{name} is not in UTF-8", hint="save it again as UTF-8") from None
    if _OUTSIDE.search(text):  # the converter would open any file of this machine and draw it into the card
        raise ImageError(
            f"{name} refers to another file, which a card never opens", hint="embed it in the SVG as data:"
        )
    try:
        png: bytes = vl_convert.svg_to_png(text, scale=2)
    except Exception as error:  # noqa: BLE001 - the converter raises its own and ValueError alike
        reason = (str(error).splitlines() or [""])[0][:120]
        raise ImageError(
            f"{name} is no SVG that can be drawn: {reason}", hint="save it again, or give a PNG"
        ) from None
    return png


def _cropped(image: Image, width: int, height: int) -> Image:
    """The middle of the picture in the wanted proportions; made larger only for the link preview's own size."""
    from PIL import Image as images
    from PIL import ImageOps

    if image.size == (width, height):
        return image
    return ImageOps.fit(image, (width, height), method=images.Resampling.LANCZOS, centering=(0.5, 0.42))


def _scaled(image: Image, factor: float) -> Image:
    from PIL import Image as images

    wide, high = max(1, int(image.width * factor)), max(1, int(image.height * factor))
    return image.resize((wide, high), images.Resampling.LANCZOS)


def _encoded(image: Image, mime: str) -> list[bytes]:
    if mime == "image/png":
        return [_png(image)]
    return [_jpeg(image, quality) for quality in _QUALITIES]


def _png(image: Image) -> bytes:
    out = io.BytesIO()
    if image.mode == "P":  # a drawn card: long runs of one colour
        image.save(out, "PNG", compress_level=4, compress_type=3)
    else:
        image.save(out, "PNG", compress_level=6)  # 9 takes twice as long for 4 % less
    return out.getvalue()


def _jpeg(image: Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=2)
    return out.getvalue()
