"""Write the three files of a new network. They run, and every test of the contract that fails says what to fill in."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USAGE = "usage: scripts/new-channel NAME    (small letters and digits, such as threads)"

DRIVER = '''\
"""@LABEL@ posts as ... (fill in: what it posts as, and what makes the link card).

API: (fill in: the official page), read (fill in: year and month).
Rights: (fill in: the rights that the token needs, and what each is for).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NoReturn

from byline import text as texts
from byline.channels import _words
from byline.channels.base import (
    Capabilities,
    Draft,
    Found,
    Health,
    ImageRules,
    Metrics,
    Receipt,
    Request,
)
from byline.fields import Fields
from byline.http import Http
from byline.model import Message
from byline.settings import Account, Secrets
from byline.times import Clock

SERVICE = "@LABEL@"

CAPABILITIES = Capabilities(
    label=SERVICE,
    limit=500,  # fill in: the longest text
    count=texts.utf16,  # fill in: how the network counts it (texts.graphemes, texts.utf16, a function of your own)
    unit="characters",
    link="text",  # fill in: does the link travel in the text, or in a card that we make?
    card="page",  # fill in: "client" where we make the card, "page" where the network reads the live page
    image=ImageRules(  # fill in: what the network takes
        types=("image/jpeg", "image/png"),
        max_bytes=1_000_000,
        max_pixels=10_000_000,
        width=1200,
        height=630,
        max_alt=1000,
    ),
    threads=False,
    find="always",  # fill in: can our own posts be listed?
    replay=None,  # fill in: the network's own idempotency, where it has one
    edit=False,
    delete=True,
    clicks=False,
    views=False,
    protected=texts.units,
)


class @CLASS@:
    """One account."""

    name: ClassVar[str] = "@NAME@"
    api: ClassVar[str] = "https://api.@NAME@.example"  # fill in: where the network answers
    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """`handle` of each account (fill in: the network's own keys; each must stand on its page of the manual)."""
        for fields in accounts:
            fields.text("handle")

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words with the link in them, as readers will see them."""
        words = _words.compose(draft, self.caps)
        return words.message(draft, self._account, self.caps), words.problems

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Upload the picture, then build one request a part. Harmless when it is done twice."""
        self._secret()
        if message.image is not None:
            _fill_in("prepare", "upload message.image (see _pictures.made), name it in the first body")
        return tuple(  # fill in: path and body as the network wants them, without the secret
            Request(part=number, path="/posts", body={"text": part})
            for number, part in enumerate(message.parts)
        )

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Send one part, exactly once."""
        self._secret()
        _fill_in(
            "create",
            "self._http.request('POST', self._account.api + request.path, json=dict(request.body), service=SERVICE, "
            "create=True, headers=...), raise what a failure means (self._http.limited for 429, self._http.broken for "
            "5xx and for a success without an id, NotSent with cause 'auth' for 401), return a Receipt",
        )

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Is the part of this request out? Reads only."""
        self._secret()
        _fill_in(
            "find",
            "list our own posts made after `since`, compare their links by byline.links.same(found, message_link); "
            "certain=True without a receipt only where absence is a proof",
        )

    def remote_id(self, url: str) -> str:
        """The network's id of the post at this address; empty when it is no address of a post there."""
        _fill_in("remote_id", "read the post's id out of the address a person copies from the network")

    def health(self) -> Health:
        """Whose token it is, its rights, when it dies. Reads only."""
        self._secret()
        _fill_in("health", "ask whose token it is; Health(ok, who, message, fix, expires, missing rights)")

    def metrics(self, remote_id: str) -> Metrics:
        """The numbers of one post."""
        self._secret()
        _fill_in("metrics", "Metrics(at=self._clock.now(), ...); leave None what the network does not tell")

    def edit(self, remote_id: str, message: Message) -> None:
        """Change a post's words, where `caps.edit`."""
        _fill_in("edit", "where caps.edit is True: change the words; else: raise Rejected")

    def delete(self, remote_id: str) -> None:
        """Take a post away; one that is gone already is no error."""
        self._secret()
        _fill_in("delete", "delete the post; take 404 and 410 as done")

    # The wire.

    def _secret(self) -> str:
        return self._http.secret(self._secrets, self._account.name, "@UPPER@_ACCESS_TOKEN", service=SERVICE)


def _fill_in(method: str, what: str) -> NoReturn:
    raise NotImplementedError(f"fill in `{method}` in plugins/byline/channels/@NAME@.py: {what}")


CHANNEL = @CLASS@
'''

FAKE = '''\
"""@LABEL@ as its documentation describes it (fill in: what is checked, what is kept, what is from practice)."""

from __future__ import annotations

from typing import ClassVar

from byline.testing.server import Answer, Call, Case, Fake, answer
from byline.times import Clock

TOKEN = "@NAME@-token-of-acme"


class @CLASS@(Fake):
    """The service."""

    label: ClassVar[str] = "@LABEL@"

    def kind_of(self, call: Call) -> str:
        """Fill in: create, upload, list, delete or edit by method and path; everything else is a read."""
        return "create" if call.method == "POST" else "read"

    def handle(self, call: Call) -> Answer:
        """Fill in: answer as the service does. Check headers, rights and limits; `self.add(Posted(...))` a post."""
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.unauthorized()
        return answer(501, {"error": f"fill in `handle` in plugins/byline/testing/@NAME@.py for {call.path}"})


def _signed_in(clock: Clock) -> @CLASS@:
    return @CLASS@(clock)


# Fill in: one case for each kind of account.
CASES = (
    Case(
        name="account",
        fake=_signed_in,
        environment={"@UPPER@_ACCESS_TOKEN": TOKEN},
        block="{api: '{api}'}",
    ),
)
'''

PAGE = """\
# @LABEL@

Byline posts to @LABEL@ as ... (fill in: which kind of account, and what readers see).

## Settings

```yaml
channels:
  @NAME@:
    accounts:
      acme: {handle: acme}
```

| key | where | meaning |
| --- | --- | --- |
| `handle` | account | fill in |
| `api` | network | base URL |

## Set-up, step by step

1. Fill in: the account, the app, the rights, and where the token is shown.
2. Set it as the secret `@UPPER@_ACCESS_TOKEN`, or `@UPPER@_ACCESS_TOKEN__ACME` for the account `acme` alone.
3. `publish doctor --to @NAME@` tells whether it works.

## Limits and costs

Fill in: the longest text and how it is counted, pictures, calls in a given time, what a post costs.

## What is verified

Fill in: what was tried with a real account, and what is from the documentation alone.
"""


def files(name: str) -> dict[str, str]:
    """Path in the repository -> content."""
    words = {
        "@NAME@": name,
        "@CLASS@": name.capitalize(),
        "@LABEL@": name.capitalize(),
        "@UPPER@": name.upper(),
    }
    made = {
        f"plugins/byline/channels/{name}.py": DRIVER,
        f"plugins/byline/testing/{name}.py": FAKE,
        f"docs/channels/{name}.md": PAGE,
    }
    for key, value in words.items():
        made = {path: text.replace(key, value) for path, text in made.items()}
    return made


def wrong(name: str, root: Path) -> str:
    """Why a network cannot have this name; empty when it can."""
    if not re.fullmatch(r"[a-z][a-z0-9]*", name) or keyword.iskeyword(name):
        return f"`{name}` cannot be a network's name: small letters and digits are expected, a letter first"
    taken = [path for path in files(name) if (root / path).exists()]
    return f"there is a network `{name}` already: {', '.join(taken)}" if taken else ""


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write the files; nothing is overwritten."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(USAGE)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    name = arguments[0]
    problem = wrong(name, root)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    for path, text in files(name).items():
        (root / path).write_text(text, encoding="utf-8")
        print(f"wrote {path}")
    print(f"next: .venv/bin/pytest tests/channels -k {name}    (each failure says what to fill in)")
    print(
        f"then: link docs/channels/{name}.md from docs/index.md; docs/how-to/add-a-network.md tells the rest"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
