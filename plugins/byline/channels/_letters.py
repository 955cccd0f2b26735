"""What every newsletter service does alike: words and card into a message, a message into a letter, their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from byline.channels import _words
from byline.channels.base import Capabilities, Draft
from byline.fields import Fields
from byline.mail import letter as letters
from byline.mail.headers import address, one_line
from byline.mail.letter import CONTENTS, Content, Foot, Letter
from byline.model import Message
from byline.settings import Account
from byline.yamlread import Scalar

MOST_SUBJECT = 200


def settings(fields: Fields) -> None:
    """What the sender of a letter says: `from_name`, `from_email`, `reply_to`, `address`, `subject`, `content`, `why`."""
    for key in ("from_email", "reply_to"):
        value = fields.text(key, expected="a mail address")
        if value and not address(value):
            fields.problem(
                key,
                "not-an-address",
                f"`{key}` is `{value}`; a mail address is expected",
                f"write `{key}: news@your-company.example`",
            )
    for key in ("from_name", "address", "why"):
        fields.text(key)
    subject = fields.text("subject", "{title}")
    if "{title}" not in subject:
        fields.problem(
            "subject",
            "wrong-form",
            f"`subject` is `{subject}`; every mail would have the same one",
            'write `subject: "Acme News: {title}"`',
        )
    fields.choice("content", CONTENTS, "opening")


def required(block: Fields, own: Fields, keys: Mapping[str, str]) -> None:
    """Each of the keys must stand in the account's block or in the network's, unless a person sends by hand."""
    mode = own.node.items.get("mode") or block.node.items.get("mode")
    if isinstance(mode, Scalar) and mode.raw == "manual":
        return
    for key, meaning in keys.items():
        if not any(key in one for one in (own, block)):
            own.problem(
                "",
                "missing",
                f"`{own.full(key)}` is missing; {meaning} is expected",
                f"add a line `{key}: …`",
            )


def compose(draft: Draft, account: Account, caps: Capabilities) -> tuple[Message, tuple[str, ...]]:
    """The words, with every link to our own site tagged like the delivery's, and the card that leads to the post."""
    own = draft.story.site_url if draft.story else draft.card.url
    given = tuple(letters.tag_ours(part, draft.link, own) for part in draft.texts)
    words = _words.compose(
        replace(draft, texts=given), caps, threads_hint="write one text; empty lines part it"
    )
    message = replace(
        words.message(draft, account, caps),
        card=replace(draft.card, url=draft.link, picture=draft.image or draft.card.picture),
        image=None,
        language=draft.language,
        story=draft.story,
        mentions=(),
    )
    return message, words.problems


def subject_of(message: Message, account: Account) -> str:
    """The subject, one line of at most 200 characters."""
    assert message.card is not None
    return one_line(account.option("subject", "{title}").replace("{title}", message.card.title))[
        :MOST_SUBJECT
    ]


def write(message: Message, account: Account, *, unsubscribe: bool, tracking: str = "") -> tuple[str, Letter]:
    """Subject and letter, exactly as they are sent."""
    subject = subject_of(message, account)
    chosen: Content = next((one for one in CONTENTS if one == account.option("content")), "opening")
    foot = Foot(address=account.option("address"), unsubscribe=unsubscribe, why=account.option("why"))
    return subject, letters.letter(message, subject=subject, content=chosen, foot=foot, tracking=tracking)


def document(message: Message, account: Account) -> str:
    """The letter as a page of its own, for the preview."""
    return write(message, account, unsubscribe=True)[1].html


def site_host(message: Message) -> str:
    """The host that tells two sites' mailings apart."""
    return urlsplit(message.link).hostname or "localhost"
