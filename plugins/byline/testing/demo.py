"""The stage of the demo: a copy of a site, stand-ins for its networks, a web host, an intake, all on loopback."""

from __future__ import annotations

import contextlib
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from byline import content, settings
from byline.crm.local import FILE, LocalCrm
from byline.errors import UsageError
from byline.intake import Server, application, serve
from byline.settings import Settings
from byline.testing import demofakes, demosite, timeline, world
from byline.testing.story import Outcome, Story
from byline.times import FixedClock, SystemClock

# The story goes on so long after the newest post but one: the newest stays ahead, to show that it waits.
AFTERWARDS = timedelta(weeks=8)
BEFORE = timedelta(hours=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # until the posts tell when the story starts


class StageClock(FixedClock):
    """Stands still until it is moved; `let_go` makes it the machine's own."""

    _free: SystemClock | None = None

    def let_go(self) -> None:
        """From now on this clock tells the machine's time."""
        self._free = SystemClock()

    def now(self) -> datetime:
        return self._free.now() if self._free else super().now()

    def sleep(self, seconds: float) -> None:
        if self._free:
            self._free.sleep(seconds)
        else:
            super().sleep(seconds)


@dataclass(kw_only=True)
class Stage:
    """Everything is running while this exists. `start` and `end` are when the story begins and when it is told.

    `file` is the copy's mkdocs.yml, `site` the folder of the built site, `report` that of the report; `environment`
    holds the made-up secrets that the stand-ins accept. `clock` is the networks' and the sender's; `story_clock` the
    intake's: the visitors come when everything is out, and it goes through the same months once more.
    """

    folder: Path
    file: Path
    settings: Settings
    start: datetime
    end: datetime
    clock: StageClock
    story_clock: StageClock
    environment: Mapping[str, str]
    fakes: tuple[demofakes.Network, ...]
    crm: LocalCrm
    stack: contextlib.ExitStack
    lead_ids: list[str] = field(default_factory=list)

    @property
    def site(self) -> Path:
        """The folder of the built site."""
        return self.settings.site

    @property
    def report(self) -> Path:
        """The folder of the report."""
        return self.folder / "report"

    @property
    def networks(self) -> str:
        """The networks as a person names them."""
        return " and ".join(fake.label for fake in self.fakes)

    def label(self, channel: str) -> str:
        """The name a person knows."""
        return next(fake.label for fake in self.fakes if fake.name == channel)

    def posted(self) -> int:
        """How many posts stand in the networks now; a thread counts once."""
        return sum(len(fake.heads()) for fake in self.fakes)

    def made(self) -> int:
        """How many posts the networks were ever given, each part of a thread counted."""
        return sum(len(fake.fake.made) for fake in self.fakes)

    def play(self) -> Outcome:
        """Let the visitors come through what stands in the networks' timelines now."""
        seen = [one for fake in self.fakes for one in fake.seen()]
        story = Story(
            self.settings.site_url, self.story_clock, self.crm, self.settings.costs.currency, self.lead_ids
        )
        return story.play(world.people(seen, self.end))

    def enquiry(self) -> str:
        """The enquiry that tells most, in the words that sales gets by mail and in the CRM; empty without any."""
        from byline import content, syncing
        from byline.intake.handing import told

        leads = sorted(
            self.crm.leads(), key=lambda lead: (len({touch.content for touch in lead.touches}), lead.id)
        )
        read = content.read(self.settings)
        catalogue = syncing.catalogue(self.settings, read.posts, read.authors)
        return told(leads[-1], catalogue) if leads and leads[-1].touches else ""

    def timelines(self) -> dict[str, Path]:
        """Write each network's timeline as a page; label -> file."""
        written = {}
        for fake in self.fakes:
            path = self.folder / "timelines" / f"{fake.name}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            shown = fake.shown(path.parent, self.settings.zone)
            note = f"What readers would see on {fake.label}, newest first. A stand-in: nothing left this machine."
            path.write_text(timeline.page(fake.label, fake.colour, shown, note=note), encoding="utf-8")
            written[fake.label] = path
        return written

    def open(self) -> dict[str, str]:
        """Serve timelines and report too (where one was made), timelines as they are when asked for; name -> address.

        From here on networks and intake go by the machine's clock: a person may send and ask by hand.
        """
        self.clock.let_go()
        self.story_clock.let_go()
        pages = demosite.Folder(self.folder, before=self.timelines)
        self.stack.callback(pages.close)
        found = {"Site": self.settings.site_url}
        found |= {fake.label: f"{pages.url}timelines/{fake.name}.html" for fake in self.fakes}
        return found | ({"Report": f"{pages.url}report/index.html"} if self.report.is_dir() else {})

    def secrets_file(self) -> Path:
        """The made-up secrets as a file that a shell can read, beside the copy's mkdocs.yml."""
        path = self.file.parent / "demo.env"
        lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(self.environment.items())]
        path.write_text(
            "\n".join(["# Made-up secrets that only the demo's stand-ins accept.", *lines, ""]),
            encoding="utf-8",
        )
        return path


def set_up(source: Path, folder: Path, stack: contextlib.ExitStack) -> Stage:
    """Copy the site of `source` into the folder and start all it talks to; the stack stops it again."""
    company = folder / "company"
    web = demosite.Folder(company / "site")
    stack.callback(web.close)
    story_clock = StageClock(LONG_AGO)
    lead_ids: list[str] = []
    company.mkdir(parents=True)
    crm = LocalCrm(company / ".byline" / FILE, clock=story_clock)
    stack.callback(crm.close)
    intake = serve(application(crm, site_url=web.url, clock=story_clock, on_lead=lead_ids.append))
    _in_background(intake, stack)
    sending_clock = StageClock(LONG_AGO)
    fakes = demofakes.start(stack, sending_clock)
    file = demosite.copy(
        source,
        company,
        {
            "site_url": web.url,
            "site_dir": "site",
            "byline.ledger": "sqlite",
            "byline.crm": {"type": "local"},
            "byline.lead_form": {"to": "local", "url": intake.url},
            "byline.settle_waits": [0],
            "byline.live_gate": {"wait": 5, "every": 1},
        },
        channels={fake.name: fake.fake.url for fake in fakes},
        ids=demofakes.IDS,
    )
    read = settings.load(file, {})
    written = content.read(read)
    dates = sorted(post.published for post in written.posts if not post.draft)
    if not dates:
        raise UsageError(
            f"the site of {source} has no post that could be sent",
            hint="write one with `publish new`, then run the demo again",
        )
    start = dates[0] - BEFORE
    end = dates[max(0, len(dates) - 2)] + AFTERWARDS
    fakes = tuple(fake for fake in fakes if fake.name in read.channels)
    for clock in (story_clock, sending_clock):
        clock.move(start - LONG_AGO)
    for fake in fakes:
        demofakes.sign_in(fake, read, written.authors)
    return Stage(
        folder=folder,
        file=file,
        settings=read,
        start=start,
        end=end,
        clock=sending_clock,
        story_clock=story_clock,
        environment={key: value for fake in fakes for key, value in fake.environment.items()},
        fakes=fakes,
        crm=crm,
        stack=stack,
        lead_ids=lead_ids,
    )


def _in_background(server: Server, stack: contextlib.ExitStack) -> None:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    stack.callback(stop)
