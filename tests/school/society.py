"""The school: each lesson is a process of its own, which goes on when the run is killed."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import ClassVar

from societies.agents import LLMAgent, Text
from societies.agents.errors import ModelError
from societies.calls.task import Task
from societies.record.types import Record
from societies.record.work import Result
from societies.society import Society

JOB = """
import json, sys, time
from pathlib import Path
folder, token, asked = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
with (folder / "started").open("a") as started:
    started.write(token + "\\n")
while not (folder / "go").exists():
    time.sleep(0.01)
partial = folder / (token + ".partial")
partial.write_text(f"weights after {asked['epochs']} epochs of {asked['data']}")
partial.rename(folder / token)
"""


class Lesson(Record):
    """Somebody has learnt something."""

    table: ClassVar[str] = "lessons"

    day: int
    score: float
    weights: str


class School(Society):
    """Two people learn at the same time, every day, and are asked about it."""

    records = (Lesson,)

    async def play(self):
        people = [self.enroll("ann"), self.enroll("bob")]
        for day in range(1, self.protocol.days + 1):
            for person in people:
                self.schedule(
                    self.learn(day, person), agents=[person], scope=f"d{day}/{person.name}"
                )
            yield

    async def learn(self, day: int, person: LLMAgent) -> None:
        data = self.artifacts.put(f"what {person.name} heard on day {day}".encode())
        asked = {"data": data, "epochs": self.protocol.epochs}
        result = await self.once(person, "training", asked, train)
        weights = self.artifacts.read(result.artifacts["weights"]).decode()
        assert data in weights
        self.record(Lesson(day=day, score=result.value["score"], weights=weights), person)
        await person.ask("ask", Text, day=day, score=result.value["score"])


def folder() -> Path:
    """Return where the jobs are: a service, as it were."""
    return Path(os.environ["SCHOOL_JOBS"])


def started() -> list[str]:
    """Return the tokens of the jobs that were started, each as often as it was."""
    file = folder() / "started"
    return file.read_text().splitlines() if file.exists() else []


async def train(task: Task) -> Result:
    """Start a job, or find it again, and wait for it."""
    token = task.intent.token
    if not (task.is_resumed and token in started()):
        asked = json.dumps(dict(task.intent.asked))
        command = [sys.executable, "-c", JOB, str(folder()), token, asked]
        process = os.posix_spawn(command[0], command, os.environ, setpgroup=0)  # noqa: ASYNC221
        while token not in started():  # noqa: ASYNC110 - a file, which wakes nobody
            await asyncio.sleep(0.01)
        task.note(process=process)
    while not (folder() / token).exists():
        if (folder() / "broken").exists():
            raise ModelError(f"{task.intent.key} cannot be trained: the service is broken")
        await asyncio.sleep(0.01)
    weights = task.artifacts.put(folder() / token)
    return Result({"score": 0.5, "at": (1, 2)}, cost=0.25, artifacts={"weights": weights})
