"""A small scenario of another package, `ring`, and versions of it that are wrong in one way."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from pydantic import Field

from societies.agents.models.scripted import Mind
from societies.config.schema import Protocol
from societies.scenario import Scenario

SECRETS = {
    "ann": "a map of Atlantis",
    "bob": "two left shoes",
    "cem": "the recipe for ouzo",
    "dia": "a glass eye",
    "eli": "nine lives",
    "fay": "the king's letter",
    "gus": "a false beard",
    "hal": "no money at all",
}


class RingProtocol(Protocol):
    """How long they play, and with how much."""

    rounds: int = Field(default=3, ge=1)
    coins: int = 10
    fallback: bool = True
    """Whether somebody who cannot be understood gives nothing; otherwise the run stops."""


class Giver(Mind):
    """Gives some of its coins, and may tell its secret, too."""

    tells: bool = False

    def reply(self, request, random):
        if not request.situation["coins"]:
            return "I give 0 coins, having none."
        secret = f" Know that I hide {SECRETS[request.agent]}." if self.tells else ""
        return f"I give {random.randint(0, request.situation['coins'])} coins.{secret}"


class Counter(Mind):
    """Keeps state, which a mind must not: it answers by how often it was asked."""

    def reply(self, request, random):
        asked = vars(self)["asked"] = vars(self).get("asked", 0) + 1
        return f"I give {min(asked % 3, request.situation['coins'])} coins."


RING = Scenario(
    name="ring",
    title="Eight people sit in a ring and give each other coins",
    folder=Path(__file__).parent,
    society="tests.faulty.society:Ring",
    protocol=RingProtocol,
    minds={"giver": Giver, "counter": Counter},
    conserved="tests.faulty.society:violations",
)

FAULTS = (
    "SharedRandom",
    "GlobalRandom",
    "FinishingOrder",
    "WallTime",
    "SetOrder",
    "Unsettled",
    "Leak",
    "MoneyFromNowhere",
    "Swallow",
    "Trusting",
    "Owing",
    "OwnStep",
    "Crash",
    "Nameless",
    "HiddenDefault",
    "Template",
    "TwoRows",
    "TwoAsked",
    "Infinite",
)


def faulty(fault: str) -> Scenario:
    """Return the ring with one fault."""
    society = f"tests.faulty.society:{fault}"
    return replace(RING, name=f"ring_{fault.lower()}", society=society)


SCENARIOS = SimpleNamespace(
    ring=RING, **{f"ring_{fault.lower()}": faulty(fault) for fault in FAULTS}
)


def install(site: Path) -> None:
    """Write what makes these the scenarios of an installed package once `site` is on the path."""
    folder = site / "ring-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: ring\nVersion: 1.0\n")
    points = [f"{name} = tests.faulty:SCENARIOS.{name}" for name in vars(SCENARIOS)]
    (folder / "entry_points.txt").write_text("\n".join(["[societies.scenarios]", *points]) + "\n")
