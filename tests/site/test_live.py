"""The site while somebody writes: the saved post at once, the rest after it, a mistake in its place."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree
from time import monotonic, sleep

import pytest

from byline.site.live import Live
from byline.site.serving import OWN, _Server, _Watcher, serve
from byline.times import FixedClock
from edits import made
from site_sample import NOW, tree
from versions import only_quick


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    opened = Live(made(tmp_path), FixedClock(NOW), {}, lambda _text: None)
    opened.all()
    yield opened
    opened.close()


def page(live: Live, slug: str) -> str:
    return (live.folder / "posts" / slug / "index.html").read_text()


@only_quick
def test_a_saved_text_is_shown_without_building_the_site_and_the_rest_follows(live: Live) -> None:
    path, before = live.settings.docs / "posts/01.md", live.version
    path.write_text(path.read_text() + "\nA sentence that is new.\n")
    live.saved({path})
    assert "A sentence that is new." in page(live, "lesson-1")
    assert live.version == before + 1
    assert live.behind
    assert "A sentence that is new." not in (live.folder / "feed.xml").read_text()
    live.all()
    assert not live.behind
    assert "A sentence that is new." in (live.folder / "feed.xml").read_text()


def test_what_is_shown_at_once_is_what_a_whole_build_writes(live: Live) -> None:
    path = live.settings.docs / "posts/01.md"
    path.write_text(
        path.read_text() + "\n## More\n\nWith ![shot](sub/shot.png) and [another](02.md#part-2).\n"
    )
    live.saved({path})
    at_once = page(live, "lesson-1")
    (live.folder / "posts/lesson-1/index.html").unlink()
    live.all()
    assert page(live, "lesson-1") == at_once


class _Asked:
    """Answers `news`: yes at one of the times it is asked, or never."""

    def __init__(self, when: int = 0) -> None:
        self.times, self.when = 0, when

    def __call__(self) -> bool:
        self.times += 1
        return self.times == self.when


def _extend(live: Live, name: str, words: str) -> Path:
    path = live.settings.docs / name
    path.write_text(f"{path.read_text()}\n{words}\n")
    return path


@only_quick
@pytest.mark.parametrize("share", [0.2, 1.0], ids=["soon", "at the end"])
def test_a_save_while_the_rest_catches_up_does_not_wait_for_it(live: Live, share: float) -> None:
    live.news = counting = _Asked()
    live.saved({_extend(live, "posts/00.md", "Counted.")})
    live.all(shown=True)  # how often a build that follows asks
    assert counting.times > 50
    live.saved({_extend(live, "posts/01.md", "Saved first.")})
    live.news = _Asked(max(1, round(counting.times * share)))
    path, version = _extend(live, "posts/02.md", "Saved second."), live.version
    live.all(shown=True)
    assert (live.behind, live.version) == (True, version)
    live.saved({path})
    assert live.version == version + 1
    assert "Saved first." in page(live, "lesson-1")
    assert "Saved second." in page(live, "lesson-2")
    said: list[str] = []
    live.say = said.append
    live.all(shown=True)
    assert (live.behind, live.wrong) == (False, ())
    assert [text for text in said if "from nothing" in text] == []
    found = tree(live.folder)
    cold = Live(live.file, live.clock, {}, lambda _text: None)
    rmtree(live.settings.state)
    cold.all()
    cold.close()
    assert [name for name, data in tree(cold.folder).items() if found.pop(name) != data] == []
    assert found == {}


@only_quick
def test_a_build_of_what_nobody_has_seen_yet_is_not_put_off_for_ever(live: Live) -> None:
    path = live.settings.docs / "posts/01.md"
    path.write_text(path.read_text().replace("What number 1 taught & us", "Quite another title"))
    live.news = lambda: True
    live.saved({path})
    live.all()
    assert live.behind
    live.all()
    assert not live.behind
    assert "Quite another title" in (live.folder / "byline.json").read_text()


def test_the_server_tells_the_build_of_saves_but_not_of_what_editors_leave_beside(live: Live) -> None:
    watcher = _Watcher(live)
    assert not watcher.waiting()
    watcher._seen = {live.settings.docs / "posts/01.md~"}
    assert not watcher.waiting()
    watcher._seen.add(live.settings.docs / "posts/01.md")
    assert watcher.waiting()


def test_another_title_is_shown_everywhere(live: Live) -> None:
    path = live.settings.docs / "posts/01.md"
    path.write_text(path.read_text().replace("What number 1 taught & us", "Quite another title"))
    live.saved({path})
    assert not live.behind
    assert "Quite another title" in page(live, "lesson-1")
    assert "Quite another title" in (live.folder / "byline.json").read_text()


def test_a_mistake_is_told_with_file_and_line_and_the_site_stays(live: Live) -> None:
    path = live.settings.docs / "posts/01.md"
    good = path.read_text()
    path.write_text(good.replace("slug:", "slag:"))
    live.saved({path})
    assert [text.partition(" ")[0] for text in live.wrong] == ["content/posts/01.md:5:"]
    assert "What number 1" in page(live, "lesson-1")
    live.file.write_text(live.file.read_text().replace("Europe/Berlin", "Mars/Base"))
    live.all()
    assert "Mars/Base" in live.wrong[0]
    live.file.write_text(live.file.read_text().replace("Mars/Base", "Europe/Berlin"))
    path.write_text(good + "\nMended.\n")
    live.saved({path})
    assert live.wrong == ()
    assert "Mended." in page(live, "lesson-1")


def test_a_server_starts_although_a_post_has_a_mistake(tmp_path: Path) -> None:
    file = made(tmp_path)
    (tmp_path / "content/posts/bad.md").write_text("---\ntitle: Bad\n")
    opened = Live(file, FixedClock(NOW), {}, lambda _text: None)
    opened.all()
    assert "bad.md" in opened.wrong[0]
    assert "What number 1" in page(opened, "lesson-1")
    opened.close()


def test_drafts_are_shown_here_and_nowhere_else(live: Live) -> None:
    path = live.settings.docs / "posts/sub/with-image.md"
    path.write_text(path.read_text().replace("id: imaged", "id: imaged\ndraft: true"))
    live.saved({path})
    assert live.wrong == ()
    assert '<strong class="by-early">draft</strong>' in page(live, "with-image")
    assert not (live.settings.site / "posts").exists()


def _get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_the_server_shows_the_site_the_mistakes_and_nothing_besides(live: Live) -> None:
    server = _Server(live, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    try:
        status, text = _get(port, "/blog/posts/lesson-1/")
        assert (status, f'data-version="{live.version}"' in text) == (200, True)
        assert _get(port, "/")[0] == 302
        assert _get(port, "/blog/nowhere/")[0] == 404
        assert _get(port, "/blog/../../mkdocs.yml")[0] == 404
        assert _get(port, "/blog/%2e%2e/cache/build.db")[0] == 404
        live._show(("content/posts/a.md:3: <script>alert(1)</script>",))
        status, text = _get(port, "/blog/posts/lesson-1/")
        assert "content/posts/a.md:3: &lt;script&gt;" in text
        assert 'role="alert"' in text
        assert _get(port, f"{OWN}changed?after=0") == (200, str(live.version))
    finally:
        server.shutdown()
        server.server_close()


def test_a_browser_that_waits_is_told_when_a_file_is_saved(live: Live) -> None:
    addresses: list[str] = []
    ends: list[Callable[[], None]] = []
    failed: list[BaseException] = []

    def ready(address: str, end: Callable[[], None]) -> None:
        ends.append(end)
        addresses.append(address)

    def run() -> None:
        try:
            serve(live, 0, ready)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until = monotonic() + 20
    while not addresses and monotonic() < until:
        sleep(0.02)
    assert not failed
    port = int(addresses[0].split(":")[2].split("/")[0])
    version = str(live.version)
    path = live.settings.docs / "posts/01.md"
    path.write_text(path.read_text() + "\nSaved just now.\n")
    assert _get(port, f"{OWN}changed?after={version}")[1] != version
    assert "Saved just now." in _get(port, "/blog/posts/lesson-1/")[1]
    ends[0]()
    thread.join(60)
    assert not thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        _get(port, "/blog/")
