"""A newsletter to a list that the company keeps itself, by any mail server: one mail for each person.

Protocol: RFC 5321 (SMTP), 5322 (Message-ID), 8058 (one-click unsubscribe), read 2026-11.
Each person's mail has a Message-ID made from the delivery and the person, the same at every try. Who has got it is in
the private store as hashes, so a run that stopped goes on where it was; a person whose answer was lost is never sent
to a second time unless somebody says that nothing arrived. Rights: none but the mail server's user name and password.
"""

from __future__ import annotations

import subprocess
import weakref
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from byline import text as texts
from byline.channels import _letters
from byline.channels.base import (
    Capabilities,
    Desk,
    Draft,
    Found,
    Health,
    ImageRules,
    Look,
    Metrics,
    Notice,
    Receipt,
    Replay,
    Request,
    SignedIn,
)
from byline.errors import NotSent, OutcomeUnknown, Rejected
from byline.fields import Fields
from byline.http import Http
from byline.mail import people as lists
from byline.mail import smtp
from byline.mail.headers import Letterhead, address, build
from byline.mail.letter import UNSUBSCRIBE
from byline.mail.people import Journal, People, Standing
from byline.model import Message
from byline.private import URL, open_store
from byline.settings import Account, Secrets
from byline.times import Clock

SERVICE = "Newsletter"
LIST = "NEWSLETTER_RECIPIENTS"
SIGNING = "NEWSLETTER_SECRET"
TIRED = timedelta(minutes=15)  # a server that asked us to wait
TOLD = timedelta(days=30)

CAPABILITIES = Capabilities(
    label=SERVICE,
    limit=10_000,
    count=texts.utf16,
    unit="characters",
    link="card",
    card="client",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=16_000_000,
        max_pixels=33_000_000,
        width=1200,
        height=630,
        max_alt=1000,
    ),
    threads=False,
    find="never",
    replay=Replay(after=timedelta(0), until=timedelta(days=30)),
    edit=False,
    delete=False,
    clicks=False,
    views=False,
    protected=texts.units,
    story=True,
    mailing=True,
    look=Look(
        handle=lambda account: account.option("from_email"),
        square=lambda _account: True,
        document=_letters.document,
    ),
)


class Newsletter:
    """One list, written to from one address."""

    name: ClassVar[str] = "newsletter"
    api: ClassVar[str] = ""
    schemes: ClassVar[tuple[str, ...]] = smtp.SCHEMES
    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._journal: Journal | None = None

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """Of each list or of all: the mail server (`api`), who writes, the postal address, where the list is."""
        for fields in (block, *accounts):
            _letters.settings(fields)
            fields.text("recipients")
            fields.url("unsubscribe")
        for fields in accounts:
            _letters.required(
                block,
                fields,
                {
                    "api": "the mail server, such as smtps://smtp.example.com,",
                    "from_email": "the address that the newsletter comes from",
                    "address": "the company's postal address, which the law wants in every newsletter,",
                },
            )

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words with our own links tagged, and the post's card, whose picture stays on the site."""
        return _letters.compose(draft, self._account, self.caps)

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Build the letter and note who shall get it: those on the list now who have not left it."""
        found = self._people()
        subject, letter = _letters.write(message, self._account, unsubscribe=True)
        host = urlsplit(message.link).hostname or "localhost"
        mailing = f"{delivery_id}@{host}"
        journal = self._open()
        gone = journal.unsubscribed()
        keys = [key for key in map(lists.person, found.addresses) if key not in gone]
        if not keys:
            raise Rejected(
                "Newsletter: nobody is on the list, so nothing can be sent",
                service=SERVICE,
                hint="put people on the list, then run `publish send --retry`",
            )
        journal.begin(mailing, keys, self._clock.now())
        body = {"subject": subject, "text": letter.text, "html": letter.html, "list": f"{self.name}.{self._account.name}.{host}"}  # fmt: skip
        return (Request(part=0, path="mail", body=body, key=mailing),)

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Hand over the mails of all who have not got it yet. One whose answer is lost is not tried again."""
        mailing, journal = request.key, self._open()
        if not journal.known(mailing):
            raise OutcomeUnknown(
                "Newsletter: who has got it is noted on another machine, so nothing is sent from here",
                service=SERVICE,
                hint=f"run it where it began, or let all machines share {URL}: `publish manual channels/newsletter`",
            )
        found = self._people()
        gone = journal.unsubscribed()
        waiting = journal.left(mailing)
        by_key = {lists.person(one): one for one in found.addresses}
        todo = {key: by_key[key] for key in by_key if key in waiting and key not in gone}
        journal.drop(mailing, waiting - todo.keys())
        error = self._hand_over(request, journal, todo) if todo else None
        return self._result(journal.standing(mailing), error, already=not todo)

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """What the notes tell; nobody's inbox can be looked into."""
        journal = self._open()
        told = "who has got it is noted on another machine"
        if journal.known(request.key):
            told = _told(journal.standing(request.key))
        return Found(receipt=None, certain=False, reason=told)

    def remote_id(self, url: str) -> str:
        """The id in a `mid:` address (RFC 2392)."""
        return url.removeprefix("mid:") if url.startswith("mid:") and "@" in url else ""

    def health(self) -> Health:
        """Can the server be signed in to, and how many people are on the list?"""
        found = self._people()
        with self._session():
            pass
        gone = self._open().unsubscribed()
        count = sum(lists.person(one) not in gone for one in found.addresses)
        who = self._account.option("from_email")
        said = f"ready; {count:,} {'person is' if count == 1 else 'people are'} on the list"
        left = len(found.addresses) - count
        said += f", {left} more have left it" if left else ""
        if found.bad_lines:
            lines = ", ".join(map(str, found.bad_lines[:5])) + (" …" if len(found.bad_lines) > 5 else "")
            return Health(
                ok=True, who=who, message=f"{said}; {len(found.bad_lines)} lines hold no address",
                fix=f"correct the list in line {lines}",
            )  # fmt: skip
        return Health(ok=True, who=who, message=said)

    def notices(self) -> tuple[Notice, ...]:
        """Mailings of the last 30 days of which somebody may not have got theirs."""
        file = self._account.home / ".byline" / "private.db"
        if not file.is_file() and not self._secrets.get(URL):
            return ()
        found = []
        for one in self._open().standings():
            if self._clock.now() - one.at > TOLD or not (one.unclear or one.refused):
                continue
            found.append(
                Notice(
                    message=f"{one.mailing.partition('@')[0]}: {_told(one)}",
                    fix="`publish newsletter --who` lists them",
                )
            )
        return tuple(found)

    def sign_in(self, desk: Desk) -> SignedIn:
        """Ask for the mail server's name and password, and for the list where the settings name none."""
        options = {}
        if not self._account.api:
            typed = desk.ask("Address of the mail server, such as smtps://smtp.example.com")
            options["api"] = typed if "://" in typed else f"smtps://{typed}"
            self._account = replace(self._account, api=options["api"])
        secrets = {
            "SMTP_USERNAME": desk.ask("User name at the mail server", variable="SMTP_USERNAME"),
            "SMTP_PASSWORD": desk.ask("Password at the mail server", variable="SMTP_PASSWORD", hidden=True),
        }
        if not self._account.option("recipients"):
            secrets[LIST] = desk.ask("File with the list of people", variable=LIST)
        return SignedIn(secrets=secrets, options=options)

    def metrics(self, remote_id: str) -> Metrics:
        """A mail server tells nothing; visits show in the site's own traffic."""
        return Metrics(at=self._clock.now())

    def edit(self, remote_id: str, message: Message) -> None:
        """A mail cannot be changed."""
        raise Rejected("A mail that is out cannot be changed", service=SERVICE, hint="send another one")

    def delete(self, remote_id: str) -> None:
        """A mail cannot be taken back."""
        raise Rejected("A mail that is out cannot be taken back", service=SERVICE, hint="send another one")

    # The list and the notes.

    def _open(self) -> Journal:
        if self._journal is None:
            store = open_store(
                self._account.home / ".byline", self._secrets.get(URL), site=self._account.site
            )
            weakref.finalize(self, store.close)
            self._journal = Journal(store)
        return self._journal

    def _people(self) -> People:
        """Everybody on the list. Raises NotSent (auth) when there is none, Rejected when it lies in git."""
        home, name = self._account.home, self._account.name
        raw = self._secrets.get(LIST, name)
        path = self._account.option("recipients")
        if not raw and not path:
            raise NotSent(
                f"Newsletter: {LIST} is not set and `recipients` names no file, so nobody would get it",
                service=SERVICE,
                cause="auth",
                hint=f"set {LIST} to the list or to its file, or write `recipients: people.csv` in mkdocs.yml",
            )
        try:
            text = lists.load(raw or path, home)
        except (OSError, UnicodeDecodeError) as error:
            what = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise NotSent(
                f"Newsletter: the list of people cannot be read ({what})",
                service=SERVICE,
                cause="auth",
                hint=f"look at `recipients` in mkdocs.yml, or at {LIST}",
            ) from None
        if not raw and _in_git(home, path):
            raise Rejected(
                f"Newsletter: the list {path} is in git, where people's addresses must never be",
                service=SERVICE,
                hint=f"git rm --cached {path}, add it to .gitignore, and take it out of the history",
            )
        return lists.read_people(text)

    # Handing over.

    def _session(self) -> smtp.Session:
        where = smtp.server(
            self._account.api, self._secrets, self._http, account=self._account.name, service=SERVICE
        )
        return smtp.Session(where, self._http, self._clock.now())

    def _hand_over(self, request: Request, journal: Journal, todo: Mapping[str, str]) -> NotSent | None:
        """Go through the list; connect again where the talk ended. Returns what stopped it before its end."""
        left = dict(todo)
        while left:
            before = len(left)
            try:
                with self._session() as session:
                    stop = self._talk(request, journal, session, left)
            except NotSent as error:
                return error
            if stop is not None:
                return stop
            if len(left) == before:
                return self._wait("the mail server ends every talk before it takes anything")
        return None

    def _talk(
        self, request: Request, journal: Journal, session: smtp.Session, left: dict[str, str]
    ) -> NotSent | None:
        """Hand over one mail after the other while the server listens; who is dealt with is taken out of `left`."""
        mailing, sender = request.key, self._account.option("from_email")
        busy: NotSent | None = None
        for key, person in tuple(left.items()):
            mail = self._mail(request, key, person)
            journal.mark(mailing, key, "going", self._clock.now())
            fate = session.hand_over(sender, person, mail)
            match fate.kind:
                case "accepted":
                    journal.mark(mailing, key, "done", self._clock.now())
                case "refused":
                    journal.mark(mailing, key, "refused", self._clock.now(), fate.words)
                case "unclear":
                    journal.mark(mailing, key, "going", self._clock.now(), fate.words)
                case "later":
                    journal.mark(mailing, key, "todo", self._clock.now(), fate.words)
                    busy = self._wait(fate.words)
                    if fate.all:
                        return busy
                case "closed":
                    journal.mark(mailing, key, "todo", self._clock.now(), fate.words)
                    return self._wait(fate.words) if fate.code else None
            del left[key]
            if not session.alive:
                break
        return busy if not left else None

    def _mail(self, request: Request, key: str, person: str) -> bytes:
        """One person's mail: the letter with their own way to leave the list."""
        account = self._account
        sender = account.option("from_email")
        by_mail = lists.leave_by_mail(account.option("reply_to") or sender)
        base, secret = account.option("unsubscribe"), self._secrets.get(SIGNING, account.name)
        leave, more = by_mail, {"List-Unsubscribe": f"<{by_mail}>"}
        if base and secret:
            leave = lists.leave_address(base, secret, key)
            more = {
                "List-Unsubscribe": f"<{leave}>, <{by_mail}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
        body = {name: str(value) for name, value in request.body.items()}
        identity, _, host = request.key.rpartition("@")
        head = Letterhead(
            sender=address(sender),
            sender_name=account.option("from_name"),
            to=person,
            subject=body["subject"],
            message_id=f"{identity}.r{key[:16]}@{host}",
            at=self._clock.now(),
            reply_to=address(account.option("reply_to")),
            more={"List-Id": f"<{body['list']}>", **more},
        )
        return build(
            head,
            text=body["text"].replace(UNSUBSCRIBE, leave),
            html=body["html"].replace(UNSUBSCRIBE, leave.replace("&", "&amp;")),
        )

    def _wait(self, words: str) -> NotSent:
        return NotSent(
            f"Newsletter: the mail server takes no more at present ({words})",
            service=SERVICE,
            cause="limited",
            retry_at=self._clock.now() + TIRED,
            hint="nothing to do: those who are left get it with a later run",
        )

    def _result(self, standing: Standing, error: NotSent | None, *, already: bool) -> Receipt:
        if standing.left == 0 and standing.unclear == 0:
            if standing.done:
                return Receipt(
                    remote_id=standing.mailing,
                    url=f"mid:{standing.mailing}",
                    at=self._clock.now(),
                    already=already,
                )
            raise Rejected(
                f"Newsletter: the mail server refused the mail for everybody ({self._words(standing)})",
                service=SERVICE,
                hint="what it says names the cause: the sender's address, the size, the content, or the addresses",
            )
        if standing.done == 0 and standing.unclear == 0 and error is not None:
            raise error
        doubt = (
            "`publish newsletter --who` lists those whose answer was lost; when they tell that nothing came, "
        )
        doubt += "`publish settle ID --not-sent` sends to them alone"
        raise OutcomeUnknown(
            f"Newsletter: {_told(standing)}" + (f"; {error.message}" if error else ""),
            service=SERVICE,
            hint=doubt
            if standing.unclear
            else "the next run goes on with those who are left; nobody gets it twice",
        )

    def _words(self, standing: Standing) -> str:
        said = {words for _, words in self._open().trouble(standing.mailing).values() if words}
        return "; ".join(sorted(said)[:2]) or "no reason given"


def _told(standing: Standing) -> str:
    """`497 of 500 people have it, 2 are left, 1 may have it (the answer was lost)`."""
    parts = [f"{standing.done:,} of {standing.total:,} people have it"]
    if standing.left:
        parts.append(f"{standing.left:,} are left")
    if standing.refused:
        parts.append(f"{standing.refused:,} were refused by the server")
    if standing.unclear:
        parts.append(f"{standing.unclear:,} may have it (the server's answer was lost)")
    return ", ".join(parts)


def _in_git(home: object, path: str) -> bool:
    """Does git keep the file?"""
    try:
        done = subprocess.run(
            ["git", "ls-files", "--error-unmatch", "--", path],
            cwd=str(home), capture_output=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


CHANNEL = Newsletter
