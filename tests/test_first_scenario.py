"""The first scenario: its page is followed, and every mistake that it names is made."""

import re
from pathlib import Path

import pytest

import societies
from societies import analysis
from societies.agents.errors import SocietyError
from societies.testing import check_conserved, check_determinism
from tests.pages import DOCS, blocks, follow, save

PAGE = "first_scenario.md"


def test_the_page_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    follow(PAGE, tmp_path)
    dry = analysis.load("runs/commons-dry").table("catches").collect()
    assert dry.height == 18


FAULTS = {
    "settle": ("            await self.settle()\n", ""),
    "lake": ("agents=[villager, lake]", "agents=[villager]"),
    "memory": ("memory=Conversation(window=6)", "memory=SHARED"),
    "villager": ("agents=[villager, lake]", "agents=[lake]"),
    "interaction": (
        'await self.at_once(home, self.vote, home, scope=f"s{season}/vote")',
        "{villager: await self.vote(villager, home) for villager in home}",
    ),
    "scope": ('/{lake.name}/{villager.name}"', '/{lake.name}"'),
    "play": (
        "        lake.said = []\n",
        '        self.schedule(self.meet(lake, 1), agents=[lake], scope="x")\n',
    ),
    "records": ("(Vote, Catch, Regrowth)", "(Catch, Regrowth)"),
}
"""What is forgotten, in the order of the page's table."""


def told() -> list[str]:
    """Return what the page's table says that each mistake is told as."""
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    return re.findall(r"^\| .* \| (?:`\w+`|the run) \| `(.*)` \|$", page, re.MULTILINE)


@pytest.mark.parametrize(("fault", "message"), list(zip(FAULTS, told(), strict=True)))
def test_what_goes_wrong_is_told(fault: str, message: str, tmp_path: Path) -> None:
    for block in blocks(PAGE):
        if block.name:
            save(block, tmp_path)
    society = tmp_path / "commons" / "society.py"
    text = society.read_text(encoding="utf-8").replace(*FAULTS[fault])
    shared = "SHARED = Conversation(window=6)\n"
    society.write_text(text.replace("SILENCE =", f"{shared}SILENCE ="), encoding="utf-8")
    with pytest.raises((SocietyError, AssertionError), match=re.escape(message)):
        checked(tmp_path)


def checked(folder: Path) -> None:
    """Run the game, and check what its table names."""
    run = societies.run(folder / "commons" / "demo.yaml", out=folder / "runs")
    check_conserved(run)
    check_determinism(run, in_flight=(1,))
