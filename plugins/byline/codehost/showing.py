"""One note on each open merge request, renewed in place, with the plan that its newest check left; and its missing ids.

Runs where the token is: on the default branch alone. It reads what a merge request left behind and runs nothing of it. One
merge request's trouble stops no other; a refused token or too many calls stop the run.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from byline.codehost import note as notes
from byline.codehost import suggesting
from byline.codehost.gitlab import GitLab, Job, MergeRequest, Note
from byline.errors import NotSent, Rejected, RemoteError

MOST = 50  # merge requests in one run, the one that changed last first
CHECK = "check"  # the job's name in the pipeline that `publish init` writes
FOLDER = ".byline/note"  # where that job leaves plan, ids and cards
_PLAN_BYTES = 4_000_000
_IDS_BYTES = 300_000
_POST_BYTES = 1_000_000
_PICTURE_BYTES = 300_000
_WIDEST = 4_000
Result = Literal["made", "renewed", "same", "waits", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What became of one merge request. `offered` counts the ids that were suggested now; `reason` why it waits or failed."""

    iid: int
    result: Result
    reason: str = ""
    offered: int = 0


def show(host: GitLab) -> Iterator[Shown]:
    """Look at every open merge request and bring its note up to date.

    Raises NotSent for a refused token, too many calls or no connection: the run ends there, and the next one goes on.
    """
    for iid in host.open_requests(MOST):
        try:
            yield _one(host, iid, host.me())
        except RemoteError as error:
            if isinstance(error, NotSent) and error.cause in ("auth", "limited"):
                raise
            yield Shown(iid=iid, result="failed", reason=error.message)


def _one(host: GitLab, iid: int, me: int) -> Shown:
    request = host.request(iid)
    if request is None or not request.pipeline:
        return Shown(iid=iid, result="waits", reason="it has no pipeline yet")
    job = host.job(request.pipeline_project, request.pipeline, CHECK)
    if job is None or not job.ended:
        return Shown(iid=iid, result="waits", reason="its check has not ended")
    own = [item for item in host.notes(iid) if item.author == me]
    old = next((item for item in own if item.body.startswith(notes.MARK)), None)
    seen = notes.seen(old.body) if old else notes.Seen()
    if old and seen.job == job.id:
        return Shown(iid=iid, result="same")
    plan = notes.read(_left(host, job, "plan.json", _PLAN_BYTES))
    if plan is None and old is None:
        return Shown(iid=iid, result="waits", reason="its check left no plan")
    shown, kept = _pictures(host, job, plan, seen.pictures) if plan is not None else ({}, {})
    source = notes.Source(job=job.id, address=job.address, sha=request.sha)
    body = notes.markdown(plan, source, shown=shown, kept=kept)
    now = host.request(iid)
    if now is None or now.sha != request.sha:
        return Shown(iid=iid, result="waits", reason="it changed in the meantime: its next check is shown")
    offered = _offer(host, request, job, own)
    host.write_note(iid, body, old.id if old else 0)
    return Shown(iid=iid, result="renewed" if old else "made", offered=offered)


def _left(host: GitLab, job: Job, name: str, limit: int) -> bytes | None:
    """A file that the check left; None for none, and for one that is too large to be ours."""
    try:
        return host.artifact(job, f"{FOLDER}/{name}", max_bytes=limit)
    except NotSent as error:
        if error.cause in ("auth", "limited"):
            raise
        return None


def _pictures(
    host: GitLab, job: Job, plan: Mapping[str, Any], known: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The address of each card's file, and by digest what the next note may use again. None is uploaded a second time.

    From a fork there are words alone: a stranger's pictures do not become files of this project.
    """
    shown: dict[str, str] = {}
    kept: dict[str, str] = {}
    for file in notes.pictures(plan) if job.project == host.project else ():
        data = _left(host, job, f"cards/{file}", _PICTURE_BYTES)
        kind = _kind(data or b"")
        if data is None or not kind:
            continue
        digest = hashlib.sha256(data).hexdigest()[:32]
        if digest not in kept:
            address = known.get(digest) or host.upload(f"card-{digest[:12]}.{kind}", data, _MIME[kind])
            if not notes.UPLOADED.fullmatch(address):
                continue
            kept[digest] = address
        shown[file] = kept[digest]
    return shown, kept


_MIME = {"png": "image/png", "jpg": "image/jpeg"}


def _kind(data: bytes) -> str:
    """`png` or `jpg` by the bytes alone, whole and of a size that a card has; empty for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and data.endswith(b"IEND\xaeB`\x82"):
        width, height = struct.unpack(">II", data[16:24])
        return "png" if 0 < width <= _WIDEST and 0 < height <= _WIDEST else ""
    return "jpg" if data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9") else ""


def _offer(host: GitLab, request: MergeRequest, job: Job, own: list[Note]) -> int:
    """Suggest each missing id once; how many there were to suggest."""
    offered = {item.path for item in own if item.body.startswith(suggesting.MARK)}
    found = [
        offer
        for offer in suggesting.read(_left(host, job, "ids.json", _IDS_BYTES))
        if offer.path not in offered
    ]
    if not found or not request.base or not request.start:
        return 0
    changes = {change.new_path: change for change in host.changes(request.iid)}
    number = 0
    for offer in found:
        change = changes.get(offer.path)
        if change is None or offer.path in offered:
            continue
        text = host.file(request.source_project, offer.path, request.sha, max_bytes=_POST_BYTES)
        if text is None or not suggesting.fits(offer, text.decode("utf-8", "replace")):
            continue
        place = suggesting.position(change, request, offer.line)
        offered.add(offer.path)
        try:
            host.write_thread(request.iid, suggesting.body(offer), place)
        except Rejected as error:
            if error.status != 400:
                raise
            continue  # no line of this comparison after all: the check's message names it
        number += 1
    return number
