"""A session of requests that knows whether a call's bytes may have left this machine."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from requests import Session

_LEFT = threading.local()


def begin() -> None:
    """A call begins: nothing of it has left yet."""
    _LEFT.yes = False


def left() -> bool:
    """May bytes of this thread's call have left?"""
    return bool(getattr(_LEFT, "yes", False))


def new() -> Session:
    """A session that keeps no cookies, reads no .netrc, never retries, and notes when bytes may have left."""
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Noting:
        """What both kinds of connection do besides."""

        sock: Any

        def connect(self) -> None:
            try:
                super().connect()  # type: ignore[misc]
            finally:
                begin()  # talk with a proxy is not the call

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            _LEFT.yes = True
            super().send(data)  # type: ignore[misc]

    class Plain(Noting, HTTPConnection):
        pass

    class Secure(Noting, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    pools = {"http": PlainPool, "https": SecurePool}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = pools
            return manager

    session = requests.Session()
    session.trust_env = False  # .netrc would replace our Authorization header; proxies are read for each call
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(max_retries=0))
    return session
