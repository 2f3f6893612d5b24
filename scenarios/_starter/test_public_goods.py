"""What every run promises, checked on the public goods game."""

from pathlib import Path

from societies.testing import check_scenario


def test_promises() -> None:
    sets = {"population.size": 3, "protocol.rounds": 3}
    check_scenario(Path(__file__).with_name("demo.yaml"), sets=sets)
