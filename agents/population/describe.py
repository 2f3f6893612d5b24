"""Who was drawn, against what was asked for: the tables and plot of `societies population`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from societies.agents.persona.persona import LEVELS, TRAITS, Persona
from societies.agents.population.people import Person, fact
from societies.agents.population.spec import Distribution, PopulationSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 12
"""Values of one attribute that are listed; the rest is summed up."""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a population: what it is, what was asked for, what was drawn."""

    subject: str
    figure: str
    asked: float | None
    drawn: float
    share: bool = True
    """Whether the figure is a share of the people."""


def lines(spec: PopulationSpec, people: Sequence[Person]) -> list[Line]:
    """Return all figures: groups, models, traits, correlations, margins, attributes."""
    return [
        *_groups(spec, people),
        *_traits(spec, people),
        *_margins(spec, people),
        *_attributes(spec, people),
    ]


def table(lines: Sequence[Line]) -> str:
    """Return the figures as an aligned table."""
    rows = [("", "", "asked", "drawn")]
    for line in lines:
        form = "{:.1%}" if line.share else "{:.2f}"
        asked = "" if line.asked is None else form.format(line.asked)
        rows.append((line.subject, line.figure, asked, form.format(line.drawn)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{subject:<{widths[0]}}  {figure:<{widths[1]}}  {asked:>{widths[2]}}  {drawn:>{widths[3]}}"
        for subject, figure, asked, drawn in rows
    )


def _groups(spec: PopulationSpec, people: Sequence[Person]) -> Iterator[Line]:
    shares = {
        group.name or f"group {place}": group.share for place, group in enumerate(spec.groups, 1)
    }
    total = sum(shares.values())
    groups = Counter(person.group for person in people)
    for name in {**shares, **groups}:
        asked = shares[name] / total if name in shares else None
        if name:
            yield Line("group", name, asked, groups[name] / len(people))
    yield from _models(spec, people)


def _models(spec: PopulationSpec, people: Sequence[Person]) -> Iterator[Line]:
    """Yield the models' shares; those asked for are known where nobody has a model of its own."""
    asked: dict[str, float] = {}
    own = [*(group.model for group in spec.groups), *(listed.model for listed in spec.people)]
    if not any(own) and not spec.file:
        for each in spec.models:
            asked[each.name] = asked.get(each.name, 0.0) + each.share
    for name, number in Counter(person.model.name for person in people).most_common():
        share = asked[name] / sum(asked.values()) if asked else None
        yield Line("model", name, share, number / len(people))


def _traits(spec: PopulationSpec, people: Sequence[Person]) -> Iterator[Line]:
    scores = trait_scores(people)
    asked = spec.traits
    for trait, values in scores.items():
        mean = asked.means.get(trait) if asked else None  # type: ignore[call-overload]
        sd = asked.sds.get(trait) if asked else None  # type: ignore[call-overload]
        yield Line(trait, "mean", mean, fmean(values), share=False)
        if len(values) > 1:
            yield Line(trait, "standard deviation", sd, stdev(values), share=False)
    for pair, correlation in (asked.correlations if asked else {}).items():
        first, second = pair.split()
        if len(people) > 2 and first in scores and second in scores:
            from scipy.stats import pearsonr

            found = float(pearsonr(scores[first], scores[second]).statistic)
            yield Line(pair, "correlation", correlation, found, share=False)


def trait_scores(people: Sequence[Person]) -> dict[str, list[float]]:
    """Return the scores (1 to 5) of every trait that all people have."""
    found: dict[str, list[float]] = {}
    for trait in TRAITS:
        if all(trait in person.persona.big_five for person in people):
            found[trait] = [_one_to_five(person.persona, trait) for person in people]
    return found


def _one_to_five(persona: Persona, trait: str) -> float:
    return 3 + 2 * persona.score(trait)


def _margins(spec: PopulationSpec, people: Sequence[Person]) -> Iterator[Line]:
    for name, weights in (spec.margins.margins if spec.margins else {}).items():
        attributes = [part.strip() for part in name.split(",")]
        drawn = Counter(
            ", ".join(str(fact(person.persona, attribute)) for attribute in attributes)
            for person in people
        )
        total = sum(weights.values())
        for category, weight in weights.items():
            key = ", ".join(part.strip() for part in category.split(","))
            yield Line(name, key, weight / total, drawn[key] / len(people))


def _attributes(spec: PopulationSpec, people: Sequence[Person]) -> Iterator[Line]:
    done = set(spec.margins.attributes) if spec.margins else set()
    names = {name: None for person in people for name in person.persona.attributes}
    for name in names:
        if name in done:
            continue
        values = [person.persona.attributes.get(name, "(none)") for person in people]
        asked = spec.attributes.get(name)
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        if len(numbers) == len(values) and len(set(numbers)) > MOST:
            mean = sd = None
            if asked and asked.normal:
                mean, sd = asked.normal
            elif asked and asked.between:
                low, high = asked.between
                mean, sd = (low + high) / 2, (((high - low + 1) ** 2 - 1) / 12) ** 0.5
            yield Line(name, "mean", mean, fmean(numbers), share=False)
            yield Line(name, "standard deviation", sd, stdev(numbers), share=False)
            continue
        weights = _weights(asked) if asked else {}
        counts = Counter(map(str, values))
        for value, number in counts.most_common(MOST):
            share = weights[value] / sum(weights.values()) if value in weights else None
            yield Line(name, value, share, number / len(values))
        if len(counts) > MOST:
            rest = sum(number for _, number in counts.most_common()[MOST:])
            yield Line(name, f"({len(counts) - MOST} other values)", None, rest / len(values))


def _weights(asked: Distribution) -> dict[str, float]:
    """Return what each value of an attribute was asked to weigh, by its words."""
    if asked.between:
        low, high = asked.between
        return {str(value): 1.0 for value in range(low, high + 1)}
    return dict(asked.weights or {str(value): 1.0 for value in asked.values or []})


def plot(spec: PopulationSpec, people: Sequence[Person], path: Path) -> None:
    """Draw the traits' distributions and every share drawn against asked."""
    from matplotlib.figure import Figure

    scores = trait_scores(people)
    shares = [line for line in lines(spec, people) if line.share and line.asked is not None]
    panels = [*scores, *(["shares"] if shares else [])]
    columns = min(len(panels), 3) or 1
    rows = max(1, -(-len(panels) // columns))
    figure = Figure(figsize=(3.2 * columns, 2.6 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, name in zip(grid, panels, strict=False):
        axes.spines[["top", "right"]].set_visible(False)
        if name == "shares":
            _plot_shares(axes, shares, len(people))
        else:
            _plot_trait(axes, name, scores[name], spec)
    for axes in grid[len(panels) :]:
        axes.axis("off")
    figure.suptitle(f"{len(people):,} people")
    figure.savefig(path, dpi=120)


def _plot_trait(axes: "Axes", name: str, values: Sequence[float], spec: PopulationSpec) -> None:
    is_fine = len(set(values)) > len(LEVELS)
    bins = (
        [1 + 0.25 * step for step in range(17)] if is_fine else [0.75 + 0.5 * n for n in range(10)]
    )
    axes.hist(values, bins=bins, color="#0072B2", edgecolor="white")
    if spec.traits and name in spec.traits.means:
        asked = spec.traits.means[name]
        axes.axvline(asked, color="black", linestyle="--", linewidth=1, label="asked mean")
        axes.legend(fontsize=7, loc="upper left", frameon=False)
    axes.set(title=name, xlabel="score", ylabel="people", xlim=(0.7, 5.3), xticks=range(1, 6))


def _plot_shares(axes: "Axes", shares: Sequence[Line], people: int) -> None:
    """Draw shares drawn against asked, and how far 95 % of random draws stray (normal curve)."""
    steps = [n / 100 for n in range(101)]
    strays = [1.96 * (share * (1 - share) / people) ** 0.5 for share in steps]
    low = [share - stray for share, stray in zip(steps, strays, strict=True)]
    high = [share + stray for share, stray in zip(steps, strays, strict=True)]
    axes.fill_between(steps, low, high, color="grey", alpha=0.25, lw=0, label="95 % of draws")
    asked, drawn = [line.asked or 0 for line in shares], [line.drawn for line in shares]
    axes.scatter(asked, drawn, s=14, color="#D55E00", alpha=0.7, lw=0)
    most = min(1.02, 1.15 * max(*asked, *drawn))
    axes.set(title="shares", xlabel="asked", ylabel="drawn", xlim=(0, most), ylim=(0, most))
    axes.legend(fontsize=7, loc="upper left", frameon=False)
