"""Addresses: which may be called, and which redirects stay with the host that was asked."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def allowed(url: str) -> bool:
    """May this be called: https, or plain http to this machine alone?"""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Is the host this very machine?"""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_host(one: str, other: str) -> bool:
    """Does the redirect stay on the host, with https kept or gained?"""
    a, b = urlsplit(one), urlsplit(other)
    if (a.hostname or "").lower() != (b.hostname or "").lower() or not a.hostname:
        return False
    if a.scheme == "http" and b.scheme == "https":
        return a.port in (None, 80) and b.port in (None, 443)
    return a.scheme == b.scheme and a.port == b.port


def short(url: str) -> str:
    """The address without query, fragment, user and port, for messages."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
