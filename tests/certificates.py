"""https on loopback for tests: a certificate authority of this run, trusted by whoever is given its file."""

from __future__ import annotations

import atexit
import shutil
import ssl
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import trustme


@cache
def authority() -> trustme.CA:
    """The authority of this run."""
    return trustme.CA()


@cache
def bundle() -> Path:
    """A file with the authority's certificate, for REQUESTS_CA_BUNDLE and the like."""
    folder = Path(mkdtemp(prefix="byline-ca-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path


def server_side() -> ssl.SSLContext:
    """What a fake needs (its `tls`) to speak https as 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
