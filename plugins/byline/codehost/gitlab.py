"""GitLab's API, as far as merge requests, their checks, notes and threads, and issues need it.

Facts: docs.gitlab.com/api (merge_requests, notes, discussions, jobs, job_artifacts, project_markdown_uploads, issues,
personal_access_tokens), read 2026-11-22. The role Reporter may do all of it: read pipelines, artifacts and files, write notes, threads and issues, upload a
picture, and change what it wrote itself. Nothing here is tried twice: whoever calls looks first, so that the next run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from byline.errors import NotSent, Rejected, RemoteError
from byline.http import Http, Response

SERVICE = "GitLab"
TOKEN = "BYLINE_ISSUES_TOKEN"  # noqa: S105 (the name of the variable)
_PAGE = 100
_MOST_PAGES = 20
_ENDED = frozenset(("success", "failed", "canceled", "skipped"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """One merge request as it stands. `pipeline` is its newest one's number, 0 without any, in the project `pipeline_project`.

    `base` and `start` are the commits that GitLab compares its newest commit `sha` with; empty while it works them out.
    """

    iid: int
    sha: str
    base: str
    start: str
    source_project: int
    pipeline: int
    pipeline_project: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a pipeline. `ended` whatever came of it; `address` is its page."""

    id: int
    project: int
    ended: bool
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note of a merge request; `path` is the file that it stands on, empty for none."""

    id: int
    author: int
    body: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a merge request does to one file; `diff` are the hunks of `git diff`."""

    old_path: str
    new_path: str
    new: bool
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token may, and the day (UTC) from whose beginning it is refused; None when GitLab named none."""

    scopes: tuple[str, ...]
    last: date | None


class GitLab:
    """One project, with the token of a bot of its own. `api` is GitLab's address with `/api/v4`, without a stroke at its end.

    Every method raises NotSent (token refused, too many calls, no answer, trouble of GitLab's own) or Rejected (not allowed,
    not taken); what is not there is None or empty.
    """

    def __init__(self, http: Http, *, api: str, project: int, token: str) -> None:
        self._http, self._api, self.project = http, api.rstrip("/"), project
        self._token, self._me = token, 0
        http.protect(TOKEN, token)

    def me(self) -> int:
        """The number of the token's own user; asked for once."""
        if not self._me:
            self._me = _number(_object(self._read("user")).get("id"))
        if not self._me:
            raise NotSent("GitLab did not say whose token this is", service=SERVICE, cause="unreachable")
        return self._me

    def token(self) -> Token:
        """The token's own scopes and last day."""
        found = _object(self._read("personal_access_tokens/self"))
        scopes = found.get("scopes")
        try:
            last = date.fromisoformat(_word(found.get("expires_at")))
        except ValueError:
            last = None
        return Token(scopes=tuple(map(str, scopes)) if isinstance(scopes, list) else (), last=last)

    def open_requests(self, limit: int) -> list[int]:
        """The numbers of the open merge requests, the one that changed last first, at most so many."""
        query = {"state": "opened", "scope": "all", "order_by": "updated_at", "sort": "desc"}
        found = self._read(self._own("merge_requests"), {**query, "per_page": str(limit)})
        return [number for item in _objects(found) if (number := _number(item.get("iid")))]

    def request(self, iid: int) -> MergeRequest | None:
        """One merge request with its newest pipeline; None when it is gone."""
        found = self._read(self._own(f"merge_requests/{iid}"))
        if not isinstance(found, dict):
            return None
        refs, pipeline = _object(found.get("diff_refs")), _object(found.get("head_pipeline"))
        return MergeRequest(
            iid=iid,
            sha=_word(found.get("sha")),
            base=_word(refs.get("base_sha")),
            start=_word(refs.get("start_sha")),
            source_project=_number(found.get("source_project_id")),
            pipeline=_number(pipeline.get("id")),
            pipeline_project=_number(pipeline.get("project_id")),
        )

    def job(self, project: int, pipeline: int, name: str) -> Job | None:
        """The newest job of this name in the pipeline; None where there is none, or where it may not be seen."""
        for item in self._pages(f"projects/{project}/pipelines/{pipeline}/jobs", hidden=True):
            if item.get("name") == name:
                return Job(
                    id=_number(item.get("id")),
                    project=project,
                    ended=item.get("status") in _ENDED,
                    address=_word(item.get("web_url")),
                )
        return None

    def artifact(self, job: Job, path: str, *, max_bytes: int) -> bytes | None:
        """One file of what the job left. GitLab unpacks it: no archive comes here. None when it is not there."""
        return self._bytes(f"projects/{job.project}/jobs/{job.id}/artifacts/{quote(path)}", {}, max_bytes)

    def file(self, project: int, path: str, sha: str, *, max_bytes: int) -> bytes | None:
        """A file of the repository at a commit; None when it is not there."""
        where = f"projects/{project}/repository/files/{quote(path, safe='')}/raw"
        return self._bytes(where, {"ref": sha}, max_bytes)

    def changes(self, iid: int) -> Iterator[Change]:
        """What the merge request does, file by file."""
        for item in self._pages(self._own(f"merge_requests/{iid}/diffs")):
            yield Change(
                old_path=_word(item.get("old_path")),
                new_path=_word(item.get("new_path")),
                new=item.get("new_file") is True,
                diff=_word(item.get("diff")),
            )

    def notes(self, iid: int) -> Iterator[Note]:
        """All notes, those in threads and on lines too, the oldest first."""
        query = {"order_by": "created_at", "sort": "asc"}
        for item in self._pages(self._own(f"merge_requests/{iid}/notes"), query):
            yield Note(
                id=_number(item.get("id")),
                author=_number(_object(item.get("author")).get("id")),
                body=_word(item.get("body")),
                path=_word(_object(item.get("position")).get("new_path")),
            )

    def write_note(self, iid: int, body: str, note: int = 0) -> None:
        """A new note, or other words for an own one."""
        where = self._own(f"merge_requests/{iid}/notes")
        if note:
            self._write("PUT", f"{where}/{note}", {"body": body})
        else:
            self._write("POST", where, {"body": body})

    def write_thread(self, iid: int, body: str, position: Mapping[str, str | int]) -> None:
        """A thread on a line. Raises Rejected where GitLab does not take the position."""
        self._write(
            "POST",
            self._own(f"merge_requests/{iid}/discussions"),
            {"body": body, "position": dict(position)},
        )

    def upload(self, name: str, data: bytes, mime: str) -> str:
        """A picture for notes of this project, seen by whoever may see the project: its address in a note's words."""
        answer = self._call("POST", self._own("uploads"), files={"file": (name, data, mime)})
        self._fail_unless_ok(answer)
        return _word(answer.object().get("url"))

    def own_issue(self, title: str, state: str) -> int:
        """The newest issue of the token's own user with exactly this title, `opened` or in `all` states; 0 for none."""
        query = {"search": title, "in": "title", "state": state, "author_id": str(self.me())}
        for item in self._pages(self._own("issues"), {**query, "scope": "all"}):
            if item.get("title") == title:
                return _number(item.get("iid"))
        return 0

    def open_issue(self, title: str, words: str) -> None:
        """A new issue."""
        self._write("POST", self._own("issues"), {"title": title, "description": words})

    def change_issue(self, iid: int, changes: Mapping[str, str]) -> None:
        """Other words (`description`), or an end (`state_event`: close)."""
        self._write("PUT", self._own(f"issues/{iid}"), changes)

    # One call.

    def _own(self, path: str) -> str:
        return f"projects/{self.project}/{path}"

    def _read(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        answer = self._call("GET", path, params=params)
        if answer.status == 404:
            return None
        self._fail_unless_ok(answer)
        return answer.json()

    def _pages(
        self, path: str, params: Mapping[str, str] | None = None, *, hidden: bool = False
    ) -> Iterator[dict[str, Any]]:
        """All items of a list; `hidden`: what may not be seen is an empty list."""
        page = "1"
        for _ in range(_MOST_PAGES):
            answer = self._call("GET", path, params={**(params or {}), "per_page": str(_PAGE), "page": page})
            if hidden and answer.status in (403, 404):
                return
            self._fail_unless_ok(answer)
            yield from _objects(answer.json())
            page = answer.headers.get("x-next-page", "").strip()
            if not page.isascii() or not page.isdigit():
                return

    def _bytes(self, path: str, params: Mapping[str, str], max_bytes: int) -> bytes | None:
        answer = self._call("GET", path, params=params, max_bytes=max_bytes)
        if answer.status in (400, 403, 404):
            return None
        self._fail_unless_ok(answer)
        return answer.body

    def _write(self, method: str, path: str, value: Mapping[str, Any]) -> None:
        try:
            answer = self._call(method, path, json=value)
        except NotSent:
            raise NotSent(
                "GitLab gave no whole answer: whether it was written is seen by the next run",
                service=SERVICE,
                cause="unreachable",
                hint="nothing to do: the next run looks, and writes what is missing",
            ) from None
        self._fail_unless_ok(answer)

    def _call(self, method: str, path: str, **more: Any) -> Response:
        headers = {"PRIVATE-TOKEN": self._token}
        return self._http.request(method, f"{self._api}/{path}", service=SERVICE, headers=headers, **more)

    def _fail_unless_ok(self, answer: Response) -> None:
        if not answer.ok:
            raise self._refused(answer)

    def _refused(self, answer: Response) -> RemoteError:
        words = self._http.words(answer)
        if answer.status == 401:
            return NotSent(
                f"GitLab refuses the token of {TOKEN}",
                service=SERVICE,
                cause="auth",
                status=401,
                hint="make a new one: Settings, Access tokens, role Reporter, scope api, and put it into that variable",
            )
        if answer.status == 403:
            return Rejected(
                f"GitLab does not allow this with the token of {TOKEN}: {words}",
                service=SERVICE,
                status=403,
                hint="the token needs the role Reporter (or a higher one) and the scope api",
            )
        if answer.status == 429:
            hint = "nothing to do: the next run goes on"
            return self._http.limited(answer, service=SERVICE, hint=hint)
        if answer.status >= 500 or answer.status < 400:
            return self._http.broken(answer, service=SERVICE, create=False)
        return Rejected(
            f"GitLab did not take it ({answer.status}): {words}", service=SERVICE, status=answer.status
        )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
