"""What is odd about LinkedIn: little text, probes, versions, and its own client against the fake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from linkedin_api.clients.restli.client import RestliClient

from byline.channels.base import Notice
from byline.channels.linkedin import LinkedIn, escape
from byline.errors import Duplicate, NotSent, OutcomeUnknown, Rejected
from byline.testing.channel_contract import World
from byline.testing.linkedin import CASES, read_little
from byline.testing.linkedin import LinkedIn as Fake
from stage import Runner, Stage

PAGE, MEMBER = CASES


@pytest.fixture(params=CASES, ids=str)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World(LinkedIn, request.param) as made:
        yield made


@pytest.fixture
def page() -> Iterator[World]:
    with World(LinkedIn, PAGE) as made:
        yield made


@pytest.fixture
def member() -> Iterator[World]:
    with World(LinkedIn, MEMBER) as made:
        yield made


@given(st.text())
def test_every_text_is_shown_whole(words: str) -> None:
    shown = read_little(escape(words))
    assert shown.whole
    assert shown.text == words
    assert shown.mentions == ()


@pytest.mark.parametrize(
    ("words", "escaped"),
    [
        ("(a) [b] {c} <d>", r"\(a\) \[b\] \{c\} \<d\>"),
        ("*a* _b_ ~c~ | \\", r"\*a\* \_b\_ \~c\~ \| \\"),
        ("@[x](urn:li:person:1)", r"\@\[x\]\(urn:li:person:1\)"),
        ("#pricing and #Größe", "#pricing and #Größe"),
        ("#1 a#b # #a_b", r"\#1 a\#b \# \#a\_b"),
        ("plain, words.", "plain, words."),
    ],
)
def test_what_is_escaped(words: str, escaped: str) -> None:
    assert escape(words) == escaped


def test_unescaped_text_is_cut_without_a_word() -> None:
    shown = read_little("We kept 37 (of 40) customers")
    assert (shown.text, shown.whole) == ("We kept 37 ", False)


def test_hashtags_stay_hashtags(page: World) -> None:
    channel = page.channel()
    _, (request,) = page.ready(page.draft("Honest #pricing (really)"))
    channel.create(request, ())
    assert page.fake.posts[0].tags == ("pricing",)


def test_the_link_travels_in_the_card_alone(world: World) -> None:
    _, (request,) = world.ready()
    assert world.link not in str(request.body["commentary"])
    assert "thumbnail" in str(request.body["content"])


def test_a_members_lost_answer_is_settled_by_the_same_post(member: World) -> None:
    channel = member.channel()
    _, (request,) = member.ready()
    member.fake.inject("lose")
    with pytest.raises(OutcomeUnknown):
        channel.create(request, ())
    assert channel.caps.replay is not None
    member.clock.move(channel.caps.replay.after)
    with pytest.raises(Duplicate) as info:
        channel.create(request, ())
    assert info.value.remote_id == member.fake.posts[0].id
    assert len(member.fake.made) == 1


def test_beyond_the_window_the_same_post_would_be_a_second_one(member: World) -> None:
    channel = member.channel()
    _, (request,) = member.ready()
    channel.create(request, ())
    assert channel.caps.replay is not None
    assert channel.caps.replay.until < timedelta(minutes=10)
    member.clock.move(timedelta(minutes=11))
    channel.create(request, ())
    assert len(member.fake.posts) == 2


def test_the_probes_wait_is_a_setting(page: World) -> None:
    replay = page.channel(block="{probe_after: 0s}").caps.replay
    assert replay is not None
    assert replay.after == timedelta(0)


def test_an_old_version_names_the_line_to_change(page: World) -> None:
    channel = page.channel(block="{version: '202501'}")
    message, _ = channel.compose(page.draft())
    with page.raises(Rejected) as caught:
        channel.prepare(message, "hp7.linkedin.company")
    assert "202501" in caught.error.message
    assert "version" in caught.error.hint
    assert "mkdocs.yml" in caught.error.hint


@pytest.mark.parametrize("version", ["2026-07", "26", "202613", "[1]"])
def test_a_version_that_is_no_month_is_a_problem(page: World, version: str) -> None:
    from byline.testing.channel_contract import read_settings

    found = read_settings(page, page.yaml(f"{{version: {version}}}"), page.yaml(PAGE.account))
    assert found
    assert {problem.key for problem in found} == {"channels.linkedin.version"}


def test_a_version_without_quotes_is_read_as_meant(page: World) -> None:
    from byline.testing.channel_contract import read_settings

    assert read_settings(page, page.yaml("{version: 202607}"), page.yaml(PAGE.account)) == []


def test_an_account_without_its_id_is_a_problem_unless_manual(page: World) -> None:
    from byline.testing.channel_contract import read_settings

    (problem,) = read_settings(page, page.yaml("{}"), page.yaml("{}"))
    assert problem.code == "missing"
    assert read_settings(page, page.yaml("{}"), page.yaml("{mode: manual}")) == []
    assert read_settings(page, page.yaml("{mode: manual}"), page.yaml("{}")) == []


def test_a_picture_that_is_never_ready_waits(page: World) -> None:
    assert isinstance(page.fake, Fake)
    page.fake.stuck = True
    message, _ = page.channel().compose(page.draft())
    with page.raises(NotSent, cause="waiting") as caught:
        page.channel().prepare(message, "hp7.linkedin.company")
    assert caught.retry_at is not None


def test_a_picture_that_takes_a_while_is_waited_for(page: World) -> None:
    assert isinstance(page.fake, Fake)
    page.fake.processing = timedelta(seconds=5)
    _, (request,) = page.ready()
    page.channel().create(request, ())
    assert page.clock.slept


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_a_picture_of_which_nothing_is_told_keeps_no_post_back(page: World, status: int) -> None:
    assert isinstance(page.fake, Fake)
    page.fake.secretive = status
    _, (request,) = page.ready()
    page.channel().create(request, ())
    assert len(page.fake.posts) == 1
    assert sum(page.clock.slept) <= 5


@pytest.mark.parametrize(("status", "cause"), [(401, "auth"), (429, "limited")])
def test_a_look_at_a_picture_that_meets_what_the_post_would_meet(
    page: World, status: int, cause: str
) -> None:
    assert isinstance(page.fake, Fake)
    page.fake.secretive = status
    message, _ = page.channel().compose(page.draft())
    with page.raises(NotSent, cause=cause):
        page.channel().prepare(message, "hp7.linkedin.company")


def test_a_member_waits_for_no_picture(member: World) -> None:
    assert isinstance(member.fake, Fake)
    member.fake.stuck = True
    _, (request,) = member.ready()
    member.channel().create(request, ())
    assert member.clock.slept == []


def test_a_quota_ends_at_midnight(page: World) -> None:
    _, (request,) = page.ready()
    page.fake.inject("limited_bare")
    with page.raises(NotSent, cause="limited") as caught:
        page.channel().create(request, ())
    assert caught.retry_at is not None
    assert caught.retry_at.isoformat() == "2026-11-25T00:00:00+00:00"


def test_a_page_that_may_not_be_listed_is_no_failure(page: World) -> None:
    assert isinstance(page.fake, Fake)
    channel = page.channel()
    _, (request,) = page.ready()
    token = PAGE.environment["LINKEDIN_ACCESS_TOKEN"]
    page.fake.allow(
        token, person="Kx1", organizations={"2414183": "Acme"}, scopes=frozenset({"w_organization_social"})
    )
    found = channel.find(request, page.link, page.clock.now(), ())
    assert found.receipt is None
    assert "r_organization_social" in found.reason


def test_an_expired_token_is_told_by_the_clock(page: World) -> None:
    _, (request,) = page.ready()
    page.clock.move(timedelta(days=61))
    with page.raises(NotSent, cause="auth") as caught:
        page.channel().create(request, ())
    assert "LINKEDIN_ACCESS_TOKEN__COMPANY" in caught.error.hint


def test_health_knows_the_expiry_with_the_apps_secret(page: World) -> None:
    from byline.settings import Secrets

    secrets = Secrets(
        {**PAGE.environment, "LINKEDIN_CLIENT_ID": "client", "LINKEDIN_CLIENT_SECRET": "client-secret"}
    )
    health = page.channel(secrets=secrets, block=f"{{login: {page.fake.url}}}").health()
    assert health.expires == page.clock.now().replace(microsecond=0) + timedelta(days=60)
    assert page.channel().health().expires is None


def test_health_finds_another_members_token(member: World) -> None:
    assert isinstance(member.fake, Fake)
    member.fake.allow(MEMBER.environment["LINKEDIN_ACCESS_TOKEN"], person="Other", name="Sam Roe")
    health = member.channel().health()
    assert not health.ok
    assert "urn:li:person:Other" in health.fix


def test_health_finds_a_page_without_the_role(page: World) -> None:
    assert isinstance(page.fake, Fake)
    page.fake.allow(PAGE.environment["LINKEDIN_ACCESS_TOKEN"], person="Kx1", organizations={"99": "Else"})
    health = page.channel().health()
    assert not health.ok
    assert health.missing


def test_an_ageing_version_is_told_with_the_line_to_write(page: World) -> None:
    def notices(version: str) -> tuple[Notice, ...]:
        channel = page.channel(block=f"{{version: '{version}'}}")
        assert isinstance(channel, LinkedIn)
        return channel.notices()

    assert notices("202602") == ()
    (notice,) = notices("202601")
    assert "10 months" in notice.message
    assert notice.fix == 'write `version: "202609"` in line 1 of mkdocs.yml'
    assert not notice.severe
    assert notices("202510")[0].severe


def test_a_pages_numbers(page: World) -> None:
    assert isinstance(page.fake, Fake)
    channel = page.channel()
    _, (request,) = page.ready()
    receipt = channel.create(request, ())
    page.fake.numbers[receipt.remote_id] = {"impressionCount": 120, "clickCount": 7, "likeCount": 3}
    metrics = channel.metrics(receipt.remote_id)
    assert (metrics.views, metrics.clicks, metrics.likes, metrics.comments) == (120, 7, 3, 0)


class Redirect(requests.adapters.HTTPAdapter):
    """Sends calls for a real host to the fake."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.host = urlsplit(url).netloc

    def send(self, request, **options):  # type: ignore[no-untyped-def]
        parts = urlsplit(request.url)
        request.url = parts._replace(scheme="http", netloc=self.host).geturl()
        return super().send(request, **options)


def test_linkedins_own_client_is_accepted_unchanged(page: World) -> None:
    client = RestliClient()
    client.session.mount("https://", Redirect(page.fake.url))
    token = PAGE.environment["LINKEDIN_ACCESS_TOKEN"]
    me = client.get(resource_path="/userinfo", access_token=token)
    assert me.entity["sub"] == "Kx1"
    made = client.create(
        resource_path="/posts",
        entity={
            "author": "urn:li:organization:2414183",
            "commentary": "From the official client",
            "visibility": "PUBLIC",
            "distribution": {"feedDistribution": "MAIN_FEED"},
            "lifecycleState": "PUBLISHED",
        },
        version_string="202607",
        access_token=token,
    )
    assert made.entity_id == page.fake.posts[0].id
    found = client.finder(
        resource_path="/posts",
        finder_name="author",
        query_params={"author": "urn:li:organization:2414183", "count": 10},
        version_string="202607",
        access_token=token,
    )
    assert [post["commentary"] for post in found.elements] == ["From the official client"]
    client.delete(
        resource_path="/posts/{id}",
        path_keys={"id": made.entity_id},
        version_string="202607",
        access_token=token,
    )
    assert page.fake.posts == ()
    client.session.close()


def test_a_post_that_was_rejected_for_its_version_goes_out_when_the_line_is_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stage(tmp_path, ("linkedin", PAGE)) as stage:
        publish, file = Runner(stage, capsys), tmp_path / "mkdocs.yml"
        text = file.read_text(encoding="utf-8")

        def write(version: str) -> None:
            file.write_text(
                text.replace("probe_after: 0s", f'probe_after: 0s\n          version: "{version}"'),
                encoding="utf-8",
            )

        write("202501")
        assert publish("send", "--yes") == 1
        (item,) = publish.json("status")["deliveries"]
        assert item["state"] == "failed"
        assert "goes out with the next run" in item["reason"]
        assert publish("send", "--yes") == 0
        assert not stage.fake.posts
        write("202602")
        (item,) = publish.json("plan")["deliveries"]
        assert (item["state"], item["reason"]) == (
            "due",
            "it, or its settings, changed since it was rejected",
        )
        assert publish("send", "--yes") == 0
        assert len(stage.fake.posts) == 1
