"""A scenario of another package, `school`: two people learn in jobs that outlive the run."""

from pathlib import Path

from pydantic import Field

from societies.agents.models.scripted import Mind
from societies.config.schema import Protocol
from societies.scenario import Scenario


class SchoolProtocol(Protocol):
    """How long they learn."""

    days: int = Field(default=2, ge=1)
    epochs: int = 1


class Pupil(Mind):
    """Says how it went."""

    def reply(self, request, random):
        return f"It went {random.choice(('well', 'badly'))}."


SCHOOL = Scenario(
    name="school",
    title="Two people learn, and say how it went",
    folder=Path(__file__).parent,
    society="tests.school.society:School",
    protocol=SchoolProtocol,
    minds={"pupil": Pupil},
)


def install(site: Path) -> None:
    """Write what makes this the scenario of an installed package once `site` is on the path."""
    folder = site / "school-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: school\nVersion: 1.0\n")
    points = "[societies.scenarios]\nschool = tests.school:SCHOOL\n"
    (folder / "entry_points.txt").write_text(points)
