"""What the commands that plan, send and look have in common: what was named, the drivers, where sending is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byline.errors import Stopped, UsageError
from byline.fields import did_you_mean

if TYPE_CHECKING:
    from decimal import Decimal

    from byline.channels.base import Channel
    from byline.cli.common import App
    from byline.content import Content
    from byline.http import Http
    from byline.ledger.base import Ledger
    from byline.planning import Scope
    from byline.settings import Account, Settings

paths_argument = click.argument("paths", nargs=-1, metavar="[PATH...]")
to_option = click.option(
    "--to",
    "-t",
    multiple=True,
    metavar="NETWORK",
    help="Only this network, or one account of it (linkedin.dana). May be repeated.",
)
profile_option = click.option(
    "--profile", metavar="NAME", help="Only the networks of this profile in the settings."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


def open_http(app: App, settings: Settings) -> Http:
    """The one way out of this run."""
    from byline.http import Http

    return Http(settings.timeouts, app.clock)


class Pool:
    """A driver for each account, made when it is first asked for and kept for the run."""

    def __init__(self, app: App, http: Http) -> None:
        self._app, self._http = app, http
        self._secrets = app.secrets()
        self._made: dict[tuple[str, str], tuple[Account, Channel]] = {}

    def __call__(self, account: Account) -> Channel:
        from byline import registry

        key = (account.channel, account.name)
        if key not in self._made:
            driver = registry.channel(account.channel)
            self._made[key] = (
                account,
                driver(account, http=self._http, secrets=self._secrets, clock=self._app.clock),
            )
        return self._made[key][1]

    def keep_fees(self, ledger: Ledger) -> None:
        """Write down what networks charged for reading and deleting. What cannot be kept is said, and fails nothing."""
        from byline import fees
        from byline.cli.common import progress
        from byline.errors import LedgerError

        found = (
            fees.taken(account, driver, self._app.clock.now()) for account, driver in self._made.values()
        )
        notes = [note for note in found if note is not None]
        try:
            if notes:
                ledger.note(*notes)
        except LedgerError as error:
            progress(f"what reading cost could not be written down: {error.message}")


def make_drivers(app: App, http: Http) -> Pool:
    """The drivers of this run."""
    return Pool(app, http)


def month_fees(app: App, settings: Settings) -> Mapping[str, Decimal]:
    """What networks charged this month beside posts, as far as it is known here; nothing where no budget asks for it."""
    if not any(block.budget is not None for block in settings.channels.values()):
        return {}
    from byline import fees
    from byline.ledger import read_notes

    now = app.clock.now().astimezone(settings.zone)
    return fees.this_month(read_notes(settings, app.clock, app.environment, kind=fees.KIND), now)


def read_scope(
    settings: Settings, content: Content, paths: Sequence[str], to: Sequence[str], profile: str | None
) -> Scope:
    """What was named on the command line. Raises UsageError for what is not there, with what was meant."""
    from byline.planning import Scope

    names = list(to)
    if profile is not None:
        if profile not in settings.profiles:
            raise _unknown("profile", profile, settings.profiles, "`profiles` in the settings")
        names.extend(settings.profiles[profile])
    return Scope(
        posts=frozenset(path for name in paths for path in _posts(settings, content, name)),
        to=frozenset(_account(settings, name) for name in names),
    )


def _account(settings: Settings, name: str) -> tuple[str, str]:
    from byline import registry

    network, _, account = name.strip().partition(".")
    network = registry.canonical_name(network)
    if network not in settings.channels:
        raise _unknown("network", network, settings.channels, "`channels` in the settings")
    accounts = settings.channels[network].accounts
    if account and account not in accounts:
        raise _unknown(f"account of {network}", account, accounts, f"`channels.{network}.accounts`")
    return network, account


def _posts(settings: Settings, content: Content, name: str) -> list[str]:
    """The posts that a file, a folder or a post's id names. A draft counts: it is there, it only is not sent."""
    by_id = [post.path for post in content.posts if post.id == name]
    if by_id:
        return by_id
    wanted = Path(name).absolute()
    if not wanted.exists():
        wanted = settings.root / name
    wanted = wanted.resolve()
    found = [
        post.path
        for post in content.posts
        if (file := (settings.root / post.path).resolve()) == wanted or wanted in file.parents
    ]
    if not found:
        raise UsageError(
            f"{name} is no post of this site"
            + ("" if wanted.exists() else ": there is no such file or folder"),
            hint="name a file or folder under content/posts, or a post's id; `publish check` tells which files cannot be read",
        )
    return found


def _unknown(what: str, name: str, known: Mapping[str, object], where: str) -> UsageError:
    meant = did_you_mean(name, known)
    return UsageError(
        f"there is no {what} `{name}`",
        hint=f"did you mean `{meant}`?" if meant else f"known are {', '.join(known) or 'none'} (see {where})",
    )


def refuse_unmerged(environment: Mapping[str, str], root: Path) -> None:
    """Stop in a pull request's job and on a branch that is not the default one: what is not merged is not approved."""
    event = environment.get("GITHUB_EVENT_NAME", "")
    source = environment.get("CI_PIPELINE_SOURCE", "")
    if event.startswith("pull_request") or event == "merge_group":
        raise _unmerged("this job belongs to a pull request")
    if source == "merge_request_event" or environment.get("CI_MERGE_REQUEST_IID"):
        raise _unmerged("this job belongs to a merge request")
    branch = _branch(environment)
    if not branch:
        return
    default = _default_branch(environment, root)
    if branch not in default:
        raise _unmerged(f"this job runs on the branch {branch}, not on {' or '.join(sorted(default))}")


def _unmerged(why: str) -> Stopped:
    return Stopped(
        f"nothing is sent from here: {why}",
        hint="send after the merge, on the default branch; `publish plan` shows what would go out then",
    )


def _branch(environment: Mapping[str, str]) -> str:
    """The branch or tag a CI job runs on; empty outside of CI."""
    if environment.get("GITHUB_ACTIONS") == "true" or environment.get("GITHUB_EVENT_NAME"):
        if environment.get("GITHUB_EVENT_NAME") == "schedule":
            return ""  # a schedule runs on the default branch alone
        ref = environment.get("GITHUB_REF", "")
        return environment.get("GITHUB_REF_NAME", "") or ref.removeprefix("refs/heads/")
    if environment.get("GITLAB_CI"):
        return environment.get("CI_COMMIT_BRANCH", "") or environment.get("CI_COMMIT_REF_NAME", "")
    return ""


def _default_branch(environment: Mapping[str, str], root: Path) -> frozenset[str]:
    """The default branch as the CI service tells it, else as git knows it, else the two usual names."""
    told = environment.get("CI_DEFAULT_BRANCH", "")
    event = environment.get("GITHUB_EVENT_PATH", "")
    if not told and event:
        try:
            told = str(json.loads(Path(event).read_text(encoding="utf-8"))["repository"]["default_branch"])
        except (OSError, ValueError, KeyError, TypeError):
            told = ""
    if not told:
        told = _git_default(root)
    return frozenset({told}) if told else frozenset({"main", "master"})


def _git_default(root: Path) -> str:
    try:
        found = subprocess.run(
            ["git", "symbolic-ref", "--short", "refs/remotes/origin/HEAD"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip().removeprefix("origin/") if found.returncode == 0 else ""


def write_out(out: Path, text: str) -> None:
    """Write a result to a file; a folder that is missing or closed is said in words."""
    try:
        out.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}", hint="name a file in a folder that is there"
        ) from None


def scope_json(scope: Scope) -> dict[str, Any]:
    """The scope as a plan file keeps it."""
    return {
        "posts": sorted(scope.posts),
        "to": sorted(f"{network}.{account}".rstrip(".") for network, account in scope.to),
    }
