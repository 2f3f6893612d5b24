"""Populations: who the agents are, person by person, from a description in YAML."""

from societies.agents.population.people import Person, Population, PopulationError
from societies.agents.population.spec import Group, PopulationSpec

__all__ = ["Group", "Person", "Population", "PopulationError", "PopulationSpec"]
