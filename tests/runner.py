"""Runs the `run:` steps of a GitHub workflow on this machine, as a runner would: expressions, outputs, summaries, exit codes.

What a step takes from others is made of stand-ins: an action only notes what it was given, `pip` and `gh` are scripts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

BIN = Path(sys.executable).parent
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][\w.-]*|&&|\|\||[!=]=|[!(),]|\d+|\s+")


def load(text: str) -> dict[str, Any]:
    """The workflow; `on` is a word here, not a boolean."""
    value = yaml.load(text, Loader=yaml.BaseLoader)
    assert isinstance(value, dict)
    return value


def expressions(value: Any) -> list[str]:
    """Every expression in a part of a workflow."""
    if isinstance(value, Mapping):
        return [found for item in value.values() for found in expressions(item)]
    if isinstance(value, list):
        return [found for item in value for found in expressions(item)]
    return [found.strip() for found in _EXPRESSION.findall(str(value))]


@dataclass
class Step:
    """One step that ran, or an action that was called."""

    name: str
    uses: str = ""
    code: int = 0
    out: str = ""
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Job:
    result: str
    outputs: dict[str, str]
    steps: dict[str, Step]
    summary: str


class Runner:
    """One run of a workflow for one event, in one clone."""

    def __init__(
        self,
        workflow: Mapping[str, Any],
        folder: Path,
        *,
        temp: Path,
        path: Path,
        event: str,
        context: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> None:
        self.workflow, self.folder, self.temp, self.path = workflow, folder, temp, path
        self.event = event
        self.context = context
        self.environment = environment
        self.jobs: dict[str, Job] = {}

    def run(self) -> dict[str, Job]:
        """All jobs in their order, those that may not run left out with the result `skipped`."""
        for name, job in self.workflow["jobs"].items():
            self.jobs[name] = self._job(name, job)
        return self.jobs

    def _job(self, name: str, job: Mapping[str, Any]) -> Job:
        needs = job.get("needs", [])
        needed = {one: self.jobs[one] for one in ([needs] if isinstance(needs, str) else needs)}
        known: dict[str, Any] = {
            "needs": {one: {"result": done.result, "outputs": done.outputs} for one, done in needed.items()}
        }
        condition = job.get("if", "true")
        well = all(done.result == "success" for done in needed.values())
        if not self._true(condition, known, well):
            return Job("skipped", {}, {}, "")
        work = self.temp / name
        work.mkdir()
        (work / "summary").touch()
        steps: dict[str, Step] = {}
        known["runner"] = {"temp": str(work)}
        known["steps"] = {}
        failed = False
        for index, step in enumerate(job["steps"]):
            title = step["name"]
            if not self._true(step.get("if", "true"), known, not failed):
                continue
            done, outputs = self._step(step, job, known, work, index)
            steps[title] = done
            forgiven = self._filled(step.get("continue-on-error", "false"), known) == "true"
            failed = failed or (done.code != 0 and not forgiven)
            if "id" in step:
                known["steps"][step["id"]] = {
                    "outputs": outputs,
                    "outcome": "failure" if done.code else "success",
                }
        outputs = {key: self._filled(value, known) for key, value in job.get("outputs", {}).items()}
        return Job("failure" if failed else "success", outputs, steps, (work / "summary").read_text())

    def _step(
        self,
        step: Mapping[str, Any],
        job: Mapping[str, Any],
        known: Mapping[str, Any],
        work: Path,
        index: int,
    ) -> tuple[Step, dict[str, str]]:
        if "uses" in step:
            given = {key: self._filled(value, known) for key, value in step.get("with", {}).items()}
            return Step(step["name"], uses=step["uses"], given=given), _answered(
                step["uses"], given, self.folder
            )
        output = work / f"output-{index}"
        output.touch()
        script = work / f"step-{index}.sh"
        script.write_text(self._filled(step["run"], known))
        own: dict[str, str] = {}
        for level in (self.workflow, job, step):
            own |= {key: self._filled(value, known) for key, value in level.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder,
            env={
                "PATH": f"{self.path}:{BIN}:{os.defpath}",
                "HOME": str(self.temp),
                "LANG": "C.UTF-8",
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": self.event,
                "GITHUB_WORKSPACE": str(self.folder),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(work / "summary"),
                "RUNNER_TEMP": str(work),
                "NO_MKDOCS_2_WARNING": "1",
                **self.environment,
                **own,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Step(step["name"], code=done.returncode, out=done.stdout + done.stderr), _outputs(
            output.read_text()
        )

    def _filled(self, text: str, known: Mapping[str, Any]) -> str:
        return _EXPRESSION.sub(lambda match: _text(self._value(match[1], known)), text)

    def _true(self, condition: str, known: Mapping[str, Any], well: bool) -> bool:
        found = _EXPRESSION.fullmatch(condition.strip())
        bare = found[1] if found else condition
        value = self._value(bare, known)
        return bool(value) and (well or "cancelled()" in bare)

    def _value(self, text: str, known: Mapping[str, Any]) -> Any:
        """The value of an expression, by way of Python's own grammar. What is not known is an error of the workflow."""
        words = []
        place = 0
        for token in _TOKEN.finditer(text):
            assert token.start() == place, f"not understood: {text[place:]}"
            place = token.end()
            words.append(_python(token[0]))
        assert place == len(text), f"not understood: {text[place:]}"
        names = {
            "look": lambda name: _look(name, {**self.context, **known}),
            "format": lambda shape, *values: shape.format(*values),
            "cancelled": lambda: False,
            "startsWith": lambda text, start: str(text).lower().startswith(str(start).lower()),
        }
        return eval("".join(words).strip(), {"__builtins__": {}}, names)


def _python(token: str) -> str:
    if token.startswith("'"):
        return repr(token[1:-1].replace("''", "'"))
    if token in ("&&", "||", "!"):
        return {"&&": " and ", "||": " or ", "!": " not "}[token]
    if token in ("true", "false"):
        return token.title()
    if token in ("format", "cancelled", "startsWith") or not re.match(r"[A-Za-z_]", token):
        return token
    return f"look({token!r})"


def _look(name: str, known: Mapping[str, Any]) -> Any:
    value: Any = known
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    assert value is not None or name.split(".")[0] in known, f"no context {name}"
    return value


def _text(value: Any) -> str:
    return {None: "", True: "true", False: "false"}.get(value, str(value))


def _answered(uses: str, given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What an action tells the steps after it. The upload takes one file, when it shall not be packed, and only one that is there."""
    if not uses.startswith("actions/upload-artifact@"):
        return {}
    path = folder / given["path"]
    assert path.exists(), path
    assert given.get("archive") != "false" or (path.is_file() and "name" not in given)
    return {"artifact-url": f"https://github.com/acme/blog/actions/runs/7/artifacts/{len(given['path'])}"}


def _outputs(text: str) -> dict[str, str]:
    """What a step wrote into GITHUB_OUTPUT, read as strictly as the runner reads it."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        simple = re.fullmatch(r"([\w-]+)=(.*)", line)
        if simple:
            found[simple[1]] = simple[2]
            continue
        opened = re.fullmatch(r"([\w-]+)<<(.+)", line)
        assert opened, f"the runner would refuse this line: {line}"
        rows: list[str] = []
        for row in lines:
            if row == opened[2]:
                break
            rows.append(row)
        else:
            raise AssertionError(f"{opened[1]} is never closed")
        found[opened[1]] = "\n".join(rows)
    return found


def stub(folder: Path, name: str, body: str) -> Path:
    """A stand-in for a program, which notes its arguments in `<name>.calls`, one call a line."""
    folder.mkdir(exist_ok=True)
    script = folder / name
    script.write_text(
        f'#!/bin/bash\nprintf "%q " "$@" >> "{folder}/{name}.calls"\necho >> "{folder}/{name}.calls"\n{body}\n'
    )
    script.chmod(0o755)
    return script


def calls(folder: Path, name: str) -> Sequence[str]:
    """What a stand-in was called with."""
    file = folder / f"{name}.calls"
    return file.read_text().splitlines() if file.exists() else ()
