"""The engine as one file that a company's repository holds: a wheel made of what is running now.

Byline is on no package index. A name that nobody holds there could be taken by anybody, so a site never asks an index for
it: it installs this file, and pip compares it with the check sum in `requirements.txt`.
"""

from __future__ import annotations

import base64
import io
import zipfile
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import byline
from byline import manual
from byline.errors import UsageError

FOLDER = "engine"
_WHEEL = "Wheel-Version: 1.0\nGenerator: byline\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_DATE = (2020, 2, 2, 0, 0, 0)  # the same files give the same bytes
_LEFT = ("__pycache__", ".pyc")


def wheel() -> tuple[str, bytes]:
    """The file's name and content. Raises UsageError where the program was not installed but copied together."""
    try:
        installed = distribution("byline")
        metadata, points = installed.read_text("METADATA"), installed.read_text("entry_points.txt")
    except PackageNotFoundError:
        metadata = points = None
    if not metadata or not points:
        raise UsageError(
            "the engine cannot be packed: this program was not installed by pip",
            hint="give its wheel or its origin: --engine byline-0.1.0-py3-none-any.whl",
        )
    version = installed.version
    info = f"byline-{version}.dist-info"
    package = Path(byline.__file__).parent
    files = {
        f"byline/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and not any(mark in path.as_posix() for mark in _LEFT)
    }
    files |= {f"{manual.FOLDER}/{name}": path.read_bytes() for name, path in manual.shipped().items()}
    files |= {
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": _WHEEL.encode(),
        f"{info}/entry_points.txt": points.encode(),
    }
    licence = installed.read_text("licenses/LICENSE")
    if licence:
        files[f"{info}/licenses/LICENSE"] = licence.encode()
    record = "".join(f"{name},sha256={_short(data)},{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return f"byline-{version}-py3-none-any.whl", packed.getvalue()


def pinned(name: str, data: bytes) -> str:
    """The line of `requirements.txt` for this wheel."""
    return f"./{FOLDER}/{name} --hash=sha256:{sha256(data).hexdigest()}"


def _short(data: bytes) -> str:
    return base64.urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
