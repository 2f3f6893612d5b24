"""A scenario as a class of Mesa models, for Mesa's own tools: `batch_run`, SolaraViz."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mesa

from societies.errors import InputError
from societies.loading.load import load
from societies.society import Society, load_society


def model(
    given: str | Path | Mapping[str, Any],
    *,
    model_reporters: Mapping[str, Any] | None = None,
    agent_reporters: Mapping[str, Any] | None = None,
) -> type[Society]:
    """Return a scenario as a class that makes a society of plain parameters.

    They are values set over the scenario, by dotted key: `Game(seed=3, **{"protocol.rounds": 2})`.
    The society keeps its record in memory (`log`), and collects what the reporters say after each
    step. Extend the class under a name of your own in a module, and processes can share it.

    Args:
        given: what `societies.load` takes.
        model_reporters: what Mesa's `DataCollector` takes; before the first step, None stands.
        agent_reporters: the same of every agent.

    Raises:
        InputError: there is no such scenario, or anything is wrong with it; when an instance is
            made, also that a parameter is.
    """
    _, scenario = load(given)
    kind: Any = load_society(scenario)

    class Model(kind):  # type: ignore[misc]
        __doc__ = kind.__doc__

        def __init__(
            self, seed: int | None = None, rng: int | None = None, **parameters: Any
        ) -> None:
            if seed is not None and rng is not None:
                raise InputError(f"seed {seed} and rng {rng} are the same thing: give only one")
            chosen = rng if seed is None else seed
            sets = {**parameters, **({} if chosen is None else {"seed": chosen})}
            config, _ = load(given, sets, "parameter")
            super().__init__(config)
            collector: Any = mesa.DataCollector  # Mesa has no types here
            self.datacollector = collector(model_reporters, agent_reporters)
            for values in self.datacollector.model_vars.values():
                values.append(None)

        def step(self) -> None:
            """Advance to the next `yield`, settle there, and collect."""
            super().step()
            self.datacollector.collect(self)
            if not self.running and self.steps == self.drive.step:
                # Mesa's batch_run reads what was collected before the last step.
                self.steps += 1
                self.datacollector.collect(self)

    Model.__name__ = Model.__qualname__ = kind.__name__
    return Model
