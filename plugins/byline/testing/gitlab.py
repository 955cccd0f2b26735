"""GitLab's API as its documentation describes it: merge requests, checks and what they left, notes, threads, uploads, issues.

Facts: docs.gitlab.com/api and docs.gitlab.com/user/permissions, read 2026-11-22. Orders in a note ("quick actions") are noticed
as GitLab finds them: a line that begins with a stroke, outside of a block between three backticks.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Literal
from urllib.parse import unquote

from byline.testing.server import Answer, Call, Fake, answer
from byline.times import Clock, iso

Role = Literal["none", "guest", "reporter", "developer"]
ROLES: tuple[Role, ...] = ("none", "guest", "reporter", "developer")
PROJECT = 5
_ORDERS = re.compile(r"^/(?:close|reopen|merge|approve|assign|label|title|lock)\b", re.MULTILINE)
_BLOCK = re.compile(r"^```.+?\n```$", re.MULTILINE | re.DOTALL)
_SUGGESTION = re.compile(r"^(`{3,})suggestion:-0\+0\n(.*?)\n\1$", re.MULTILINE | re.DOTALL)
_HUNK = 3


@dataclass(slots=True, kw_only=True)
class File:
    """A file that a merge request changes; `old` is None for a new one."""

    path: str
    new: str
    old: str | None = None
    old_path: str = ""


@dataclass(slots=True, kw_only=True)
class Job:
    """A job; `files` are its artifacts by their paths."""

    id: int
    name: str
    status: str
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Request:
    """An open merge request. `jobs` are those of its newest pipeline, which ran in `project`."""

    iid: int
    project: int
    sha: str
    files: list[File]
    pipeline: int = 0
    jobs: list[Job] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    state: str = "opened"
    title: str = "A post"


class GitLab(Fake):
    """One project, number 5. `allow` gives a user a token; `open` makes a merge request, `push` a new commit of it."""

    label: ClassVar[str] = "GitLab"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.users: dict[str, tuple[int, Role]] = {}
        self.requests: dict[int, Request] = {}
        self.scopes: list[str] = ["api"]
        self.expires: date | None = None
        self.issues: list[dict[str, Any]] = []
        self.uploads: dict[str, bytes] = {}
        self.private: set[int] = set()  # forks that the token may not see into
        self.hidden_diffs = False  # are all diffs too large to be shown?
        self.orders: list[str] = []  # notes in which GitLab found an order
        self.after: list[tuple[str, Callable[[], None]]] = []  # once, after a call of this kind
        self._last = 100

    # What people and pipelines do.

    def allow(self, token: str, role: Role = "reporter") -> int:
        """A user with that token; its number."""
        self.users[token] = (self._next(), role)
        return self.users[token][0]

    def open(self, *files: File, project: int = PROJECT, title: str = "A post") -> Request:
        """A merge request from a branch of the project, or of a fork."""
        iid = len(self.requests) + 1
        self.requests[iid] = Request(iid=iid, project=project, sha="", files=list(files), title=title)
        self.push(self.requests[iid], *files)
        return self.requests[iid]

    def push(self, request: Request, *files: File) -> None:
        """A new commit: the files are these now, and no pipeline has run."""
        request.files = list(files) or request.files
        request.sha = hashlib.sha1(f"{request.iid} {self._next()}".encode()).hexdigest()
        request.pipeline, request.jobs = 0, []

    def check(self, request: Request, files: Mapping[str, bytes], *, status: str = "success") -> Job:
        """The newest commit's pipeline runs its check, which leaves these files."""
        request.pipeline = request.pipeline or self._next()
        job = Job(id=self._next(), name="check", status=status, files=dict(files))
        request.jobs = [job, *request.jobs]
        return job

    def say(self, request: Request, author: int, body: str) -> dict[str, Any]:
        """Somebody's note."""
        made = {
            "id": self._next(),
            "type": None,
            "body": body,
            "author": {"id": author, "username": f"user{author}", "name": f"User {author}"},
            "created_at": iso(self.clock.now()),
            "system": False,
            "noteable_iid": request.iid,
        }
        request.notes.append(made)
        return made

    def apply(self, request: Request, note: Mapping[str, Any]) -> None:
        """A person presses *Apply suggestion*: the line is replaced by a new commit."""
        found = _SUGGESTION.search(note["body"])
        assert found, "there is no suggestion in this note"
        place = note["position"]
        assert place["head_sha"] == request.sha, "the suggestion is outdated"
        file = next(item for item in request.files if item.path == place["new_path"])
        rows = file.new.split("\n")
        rows[place["new_line"] - 1 : place["new_line"]] = found[2].split("\n")
        file.new = "\n".join(rows)
        self.push(request)

    def _next(self) -> int:
        self._last += 1
        return self._last

    # The API.

    def kind_of(self, call: Call) -> str:
        """note and thread are written, upload and artifact are files, everything else is read or create."""
        if "/artifacts/" in call.path:
            return "artifact"
        if call.method == "GET":
            return "notes" if call.path.endswith("/notes") else "read"
        for word, kind in (("/notes", "note"), ("/discussions", "thread"), ("/uploads", "upload")):
            if word in call.path:
                return kind
        return "create"

    def handle(self, call: Call) -> Answer:
        given = self._route(call)
        for item in [item for item in self.after if item[0] == call.kind]:
            self.after.remove(item)
            item[1]()
        return given

    def unauthorized(self) -> Answer:
        return answer(401, {"message": "401 Unauthorized"})

    def limited(self, *, bare: bool) -> Answer:
        return Answer(status=429, body=b"Retry later\n", headers={} if bare else {"Retry-After": "60"})

    def _route(self, call: Call) -> Answer:
        user, role = self.users.get(call.headers.get("private-token", ""), (0, "none"))
        if not user:
            return self.unauthorized()
        path = call.path
        if path == "/user":
            return answer(200, {"id": user, "username": f"project_{PROJECT}_bot", "bot": True})
        if path == "/personal_access_tokens/self":
            own = {"name": "byline", "active": True, "revoked": False, "scopes": self.scopes}
            return answer(200, own | {"expires_at": self.expires and str(self.expires)})
        for shape, least, what in _ROUTES:
            found = re.fullmatch(shape, path)
            if found and what[0] == call.method:
                if any(path.startswith(f"/projects/{project}/") for project in self.private):
                    return answer(404, {"message": "404 Project Not Found"})
                if ROLES.index(role) < ROLES.index(least):
                    return answer(403, {"message": "403 Forbidden"})
                handler = getattr(self, f"_{what[1]}")
                given = handler(call, user, *map(unquote, found.groups()))
                assert isinstance(given, Answer)
                return given
        return answer(404, {"error": "404 Not Found"})

    def _list(self, call: Call, _user: int) -> Answer:
        found = [item for item in self.requests.values() if item.state == call.params.get("state")]
        return _page(call, [self._basic(item) for item in reversed(found)])

    def _one(self, _call: Call, _user: int, iid: str) -> Answer:
        request = self.requests.get(int(iid))
        if request is None:
            return answer(404, {"message": "404 Not found"})
        pipeline = None
        if request.pipeline:  # told of also where the token may not see into it
            pipeline = {"id": request.pipeline, "project_id": request.project, "sha": request.sha}
        refs = {"base_sha": "b" * 40, "start_sha": "c" * 40, "head_sha": request.sha}
        return answer(200, {**self._basic(request), "head_pipeline": pipeline, "diff_refs": refs})

    def _basic(self, request: Request) -> dict[str, Any]:
        return {
            "iid": request.iid,
            "project_id": PROJECT,
            "source_project_id": request.project,
            "state": request.state,
            "title": request.title,
            "sha": request.sha,
        }

    def _jobs(self, call: Call, _user: int, project: str, pipeline: str) -> Answer:
        for item in self.requests.values():
            if item.pipeline == int(pipeline) and item.project == int(project):
                shown = [
                    {
                        "id": job.id,
                        "name": job.name,
                        "status": job.status,
                        "web_url": f"https://gitlab.example/{project}/-/jobs/{job.id}",
                    }
                    for job in item.jobs
                ]
                return _page(call, shown)
        return answer(404, {"message": "404 Project Not Found"})

    def _artifact(self, _call: Call, _user: int, project: str, job: str, path: str) -> Answer:
        for item in self.requests.values():
            for one in item.jobs:
                if one.id == int(job) and item.project == int(project) and path in one.files:
                    return Answer(status=200, body=one.files[path])
        return answer(404, {"message": "404 Not Found"})

    def _raw(self, call: Call, _user: int, project: str, path: str) -> Answer:
        for item in self.requests.values():
            if item.project == int(project) and item.sha == call.params.get("ref"):
                for file in item.files:
                    if file.path == path:
                        return Answer(status=200, body=file.new.encode())
        return answer(404, {"message": "404 File Not Found"})

    def _diffs(self, call: Call, _user: int, iid: str) -> Answer:
        shown = [
            {
                "old_path": file.old_path or file.path,
                "new_path": file.path,
                "new_file": file.old is None,
                "renamed_file": bool(file.old_path),
                "deleted_file": False,
                "diff": "" if self.hidden_diffs else _diff(file),
            }
            for file in self.requests[int(iid)].files
        ]
        return _page(call, shown)

    def _notes(self, call: Call, _user: int, iid: str) -> Answer:
        found = self.requests[int(iid)].notes
        return _page(call, found if call.params.get("sort") == "asc" else found[::-1])

    def _say(self, call: Call, user: int, iid: str) -> Answer:
        words = (call.json() or {}).get("body")
        if not isinstance(words, str) or not words.strip():
            return answer(400, {"message": '400 Bad request - Note {:note=>["can\'t be blank"]}'})
        self._notice(words)
        return answer(201, self.say(self.requests[int(iid)], user, words))

    def _change(self, call: Call, user: int, iid: str, number: str) -> Answer:
        found = next((one for one in self.requests[int(iid)].notes if one["id"] == int(number)), None)
        if found is None:
            return answer(404, {"message": "404 Not found"})
        if found["author"]["id"] != user:
            return answer(403, {"message": "403 Forbidden"})
        found["body"] = call.json()["body"]
        self._notice(found["body"])
        return answer(200, found)

    def _start_thread(self, call: Call, user: int, iid: str) -> Answer:
        request, given = self.requests[int(iid)], call.json()
        place = given["position"]
        file = next((item for item in request.files if item.path == place["new_path"]), None)
        right = file is not None and place["head_sha"] == request.sha
        if not right or file is None or not _stands(file, place):
            return answer(400, {"message": '400 Bad request - Note {:line_code=>["can\'t be blank"]}'})
        self._notice(given["body"])
        note = self.say(request, user, given["body"])
        note |= {"type": "DiffNote", "position": place, "resolvable": True, "resolved": False}
        return answer(201, {"id": f"{note['id']:040x}", "individual_note": False, "notes": [note]})

    def _upload(self, call: Call, _user: int) -> Answer:
        part = call.parts().get("file")
        name = re.search(rb'filename="([^"]*)"', call.body)
        if part is None or name is None:
            return answer(400, {"error": "file is missing"})
        place = hashlib.md5(f"{self._next()}".encode()).hexdigest()
        address = f"/uploads/{place}/{name[1].decode()}"
        self.uploads[address] = part.data
        return answer(
            201, {"id": self._next(), "alt": "card", "url": address, "markdown": f"![card]({address})"}
        )

    def _find_issues(self, call: Call, _user: int) -> Answer:
        asked = call.params
        found = [
            item
            for item in self.issues
            if asked["search"] in item["title"]
            and asked["state"] in ("all", item["state"])
            and asked.get("author_id", str(item["author"]["id"])) == str(item["author"]["id"])
        ]
        return _page(call, found)

    def _open_issue(self, call: Call, user: int) -> Answer:
        made = {"iid": len(self.issues) + 1, "state": "opened", "author": {"id": user}, **call.json()}
        self._notice(made["description"])
        self.issues.append(made)
        return answer(201, made)

    def _change_issue(self, call: Call, _user: int, iid: str) -> Answer:
        issue, data = self.issues[int(iid) - 1], call.json()
        self._notice(data.get("description", ""))
        issue |= {"state": "closed"} if data.get("state_event") == "close" else data
        return answer(200, issue)

    def _notice(self, words: str) -> None:
        if _ORDERS.search(_BLOCK.sub("", words.replace("\r", ""))):
            self.orders.append(words)


_OWN = f"/projects/{PROJECT}"
_ROUTES: tuple[tuple[str, Role, tuple[str, str]], ...] = (
    (f"{_OWN}/merge_requests", "reporter", ("GET", "list")),
    (rf"{_OWN}/merge_requests/(\d+)", "reporter", ("GET", "one")),
    (r"/projects/(\d+)/pipelines/(\d+)/jobs", "reporter", ("GET", "jobs")),
    (r"/projects/(\d+)/jobs/(\d+)/artifacts/(.+)", "reporter", ("GET", "artifact")),
    (r"/projects/(\d+)/repository/files/([^/]+)/raw", "reporter", ("GET", "raw")),
    (rf"{_OWN}/merge_requests/(\d+)/diffs", "reporter", ("GET", "diffs")),
    (rf"{_OWN}/merge_requests/(\d+)/notes", "guest", ("GET", "notes")),
    (rf"{_OWN}/merge_requests/(\d+)/notes", "guest", ("POST", "say")),
    (rf"{_OWN}/merge_requests/(\d+)/notes/(\d+)", "guest", ("PUT", "change")),
    (rf"{_OWN}/merge_requests/(\d+)/discussions", "guest", ("POST", "start_thread")),
    (f"{_OWN}/uploads", "guest", ("POST", "upload")),
    (f"{_OWN}/issues", "guest", ("GET", "find_issues")),
    (f"{_OWN}/issues", "guest", ("POST", "open_issue")),
    (rf"{_OWN}/issues/(\d+)", "reporter", ("PUT", "change_issue")),
)


def _page(call: Call, items: list[dict[str, Any]]) -> Answer:
    """One page of a list; at most a hundred on it, whatever is asked for."""
    size = min(int(call.params.get("per_page", "20")), 100)
    page = int(call.params.get("page", "1"))
    more = str(page + 1) if page * size < len(items) else ""
    return answer(200, items[(page - 1) * size : page * size], {"X-Next-Page": more, "X-Page": str(page)})


def _diff(file: File) -> str:
    old = file.old.splitlines(keepends=True) if file.old is not None else []
    rows = list(difflib.unified_diff(old, file.new.splitlines(keepends=True), n=_HUNK))[2:]
    return "".join(rows)


def _stands(file: File, place: Mapping[str, Any]) -> bool:
    """Does a text position name a line as GitLab wants it: an added one by its number alone, any other by both."""
    old = (file.old or "").splitlines()
    new = file.new.splitlines()
    line = place.get("new_line", 0)
    if not 0 < line <= len(new) or place.get("old_path") != (file.old_path or file.path):
        return False
    for tag, start, _, begin, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if begin < line <= end:
            wanted = start + line - begin if tag == "equal" else None
            return place.get("old_line") == wanted
    return False
