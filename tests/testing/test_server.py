"""What every fake shares."""

from __future__ import annotations

import pytest
import requests

from byline.testing.server import Answer, Call, Fake, answer
from certificates import bundle, server_side


class Echo(Fake):
    label = "Echo"

    def kind_of(self, call: Call) -> str:
        return "read"

    def handle(self, call: Call) -> Answer:
        return answer(200, {"path": call.path})


def test_a_fake_speaks_https_when_it_is_given_a_certificate() -> None:
    fake = Echo()
    fake.tls = server_side()
    with fake:
        assert fake.url.startswith("https://127.0.0.1:")
        found = requests.get(f"{fake.url}/one", verify=str(bundle()), timeout=5)
        assert found.json() == {"path": "/one"}
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{fake.url}/one", timeout=5)
