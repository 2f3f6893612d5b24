"""What templates and scripted minds are shown of a society: its rules, and how large it is."""

from societies.agents.templates.views import View, view
from societies.config.schema import RunConfig


class Surroundings:
    """One view of a society for each version of its settings."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[RunConfig, View, View]] = {}

    def of(self, config: RunConfig) -> tuple[View, View]:
        """Return the views of the society and of its protocol under a configuration."""
        made = self._made.get(id(config))
        if made is None:
            protocol = view(config.protocol)
            known = {"name": config.name, "seed": config.seed, "protocol": protocol}
            size = View("population", {"size": config.population.size})
            shown = View(
                "society", {"config": View("config", {**known, "population": size}), **known}
            )
            made = self._made[id(config)] = (config, shown, protocol)
        return made[1:]
