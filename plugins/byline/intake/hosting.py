"""The intake as a site's settings mean it: where leads go, who is told. For `publish intake` and for any WSGI server.

gunicorn 'byline.intake.hosting:app("/srv/site/mkdocs.yml")'
waitress-serve --call byline.intake.hosting:app        # mkdocs.yml of the folder, or BYLINE_SETTINGS
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from byline.intake import handing
from byline.intake.handing import CRM, FILE, KEEP, MAIL, Courier, Do
from byline.intake.outbox import Outbox
from byline.intake.service import application
from byline.mail import people, smtp
from byline.private import URL, PrivateStore, open_store
from byline.settings import Secrets, Settings, load
from byline.times import Clock, SystemClock

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from byline.crm.base import Catalogue, CrmDriver, Store
    from byline.http import Http
    from byline.model import Touch


@dataclass
class Hosted:
    """Everything that one intake needs, made when it is first wanted. Close it."""

    settings: Settings
    secrets: Secrets
    clock: Clock
    environment: Mapping[str, str]
    tell: Callable[[str], None] = lambda _text: None

    @cached_property
    def store(self) -> PrivateStore:
        """The private store that every part shares."""
        return open_store(self.settings.state, self.secrets.get(URL), site=self.settings.site_key)

    @cached_property
    def outbox(self) -> Outbox:
        """What was accepted and has yet to be handed on."""
        return Outbox(self.store, clock=self.clock, what=self.what, spam=(KEEP,))

    @property
    def what(self) -> tuple[str, ...]:
        """The errands that the settings mean."""
        own = self.settings.intake
        mails = tuple((f"{MAIL}.{number}", True) for number, _ in enumerate(own.sales, 1))
        wanted = ((KEEP, True), (CRM, self.settings.crm.vendor), *mails, (FILE, bool(own.drop)))
        return tuple(name for name, yes in wanted if yes)

    @cached_property
    def http(self) -> Http:
        """The one way out."""
        from byline import http

        return http.Http(self.settings.timeouts, self.clock)

    @cached_property
    def courier(self) -> Courier:
        """Hands on what the outbox holds; not started yet."""
        return Courier(outbox=self.outbox, errands=self._errands(), clock=self.clock, tell=self.tell)

    def wsgi(self, origins: Sequence[str] = ()) -> WSGIApplication:
        """The application; a lead is on its way as soon as it was taken."""

        def came(lead_id: str) -> None:
            self.tell(f"a lead came in: {lead_id}")
            self.courier.nudge()

        return application(
            self.outbox,
            site_url=self.settings.site_url,
            clock=self.clock,
            origins=(*origins, *self.settings.intake.origins),
            on_lead=came,
            copies=self.outbox.copies,
            remember=self.outbox.remember,
            ours=self._ours,
            spam=self.settings.intake.spam,
            leave=self._leave,
        )

    def close(self) -> None:
        """Stop handing on and let go of the store."""
        self.courier.stop()
        self.store.close()
        if "http" in self.__dict__:
            self.http.close()

    def catalogue(self) -> Catalogue:
        """The posts as they are now, for telling what a person read."""
        from byline import content, syncing

        read = content.read(self.settings)
        return syncing.catalogue(self.settings, read.posts, read.authors)

    def _errands(self) -> dict[str, Do]:
        settings = self.settings
        found = {KEEP: handing.keep(self._store), CRM: handing.to_crm(self._store, self._driver)}
        for number, one in enumerate(settings.intake.sales, 1):
            found[f"{MAIL}.{number}"] = handing.to_sales(
                settings.mail,
                one,
                lambda: smtp.server(settings.mail.server, self.secrets, self.http),
                self.http,
                self.clock,
                self.catalogue,
                settings.brand.name or settings.site_name,
            )
        if settings.intake.drop:
            found[FILE] = handing.to_file(settings.root / settings.intake.drop, self.catalogue)
        return found

    def _store(self) -> Store:
        from byline.crm import _opening

        return _opening.open_store(self.settings, clock=self.clock, environment=self.environment)

    def _driver(self) -> CrmDriver:
        from byline.crm import _opening

        return _opening.open_driver(
            self.settings, http=self.http, secrets=self.secrets, clock=self.clock, catalogue=self.catalogue()
        )

    @cached_property
    def _posts(self) -> frozenset[str]:
        from byline import content

        return frozenset(post.id for post in content.read(self.settings).posts if post.id)

    def _ours(self, touch: Touch) -> bool:
        """Can a link of ours have brought this visit? A tag that we never gave out was copied or made up."""
        post, _, rest = touch.content.partition(".")
        if not touch.content or post == "link":
            return True
        channel, _, account = rest.partition(".")
        block = self.settings.channels.get(channel)
        known = not rest or (block is not None and account.partition(".")[0] in block.accounts)
        if post in self._posts:
            return known
        del self._posts  # a post that is new since we began
        return post in self._posts and known

    def _leave(self, person: str, signature: str) -> bool:
        """Somebody clicked on "unsubscribe": believed when the address was made by us."""
        if not people.checked(self.secrets.get("NEWSLETTER_SECRET"), person, signature):
            return False
        people.Journal(self.store).unsubscribe(person, self.clock.now())
        return True


def hosted(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    clock: Clock | None = None,
    secrets: Secrets | None = None,
    tell: Callable[[str], None] = lambda _text: None,
) -> Hosted:
    """An intake for these settings."""
    return Hosted(
        settings=settings,
        secrets=secrets or Secrets(environment),
        clock=clock or SystemClock(),
        environment=environment,
        tell=tell,
    )


def app(file: str = "") -> WSGIApplication:
    """The application for a WSGI server, with its courier at work. Reads mkdocs.yml (BYLINE_SETTINGS names another)."""
    path = Path(file or os.environ.get("BYLINE_SETTINGS", "mkdocs.yml"))
    made = hosted(load(path, os.environ), os.environ, tell=print_line)
    made.courier.start()
    return made.wsgi()


def print_line(text: str) -> None:
    """A line for the server's log; it names leads by id alone."""
    sys.stderr.write(f"intake: {text}\n")
