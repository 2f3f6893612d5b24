"""Loading a configuration: from YAML to validated values, with every problem named at once."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from operator import or_
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, create_model

from societies import registry
from societies.agents.errors import PromptError, SocietyError
from societies.agents.files import documents
from societies.agents.instruments.design import (
    OWN_LABELS,
    TEMPLATES,
    Design,
    cells,
    select,
    template_of,
)
from societies.agents.instruments.instrument import Question
from societies.agents.persona.portraits import WRITER
from societies.agents.population import Population
from societies.agents.population.factors import factors, warnings
from societies.agents.templates.prompts import Prompts
from societies.calls.provider import provider_of
from societies.config.interventions import unchangeable
from societies.config.schema import Protocol, RunConfig
from societies.errors import InputError
from societies.loading import source
from societies.loading.inputs import is_kept, locate
from societies.loading.problems import Problem, explain, half_characters
from societies.loading.source import Source
from societies.scenario import Scenario
from societies.words import Place, nearest

MOST_WEIGHED = 2000
"""People among whom factors are compared: turns are even long before that."""


def load(
    given: str | Path | Mapping[str, Any],
    sets: Mapping[str, Any] | None = None,
    origin: str = "--set",
) -> tuple[RunConfig, Scenario]:
    """Load and validate a scenario file.

    Args:
        given: a file, a shipped name such as `donor_game/demo`, or the data itself.
        sets: values to set over it, by dotted key.
        origin: how to name `sets` in errors.

    Returns:
        The validated configuration, with every default, and its scenario.

    Raises:
        InputError: anything is wrong; the text lists all problems, each with its place.
    """
    read = source.read(given)
    for key, value in (sets or {}).items():
        read.set(key, value, f"{origin} {key}")
    name = read.data.get("scenario")
    if not isinstance(name, str):
        known = ", ".join(registry.names())
        raise InputError(
            f"{read.where(('scenario',))}: say which scenario this is (there are: {known})"
        )
    scenario = source.find_scenario(read, name)
    if read.path and not read.data.get("name"):
        read.data["name"] = f"{scenario.name}-{read.path.stem}"
    return validate(read, scenario), scenario


def config_class(scenario: Scenario) -> type[RunConfig]:
    """Return the configuration class of a scenario: `RunConfig` with its own protocol."""
    return _config_class(scenario.name, scenario.address or scenario.name, scenario.protocol)


@cache
def _config_class(name: str, address: str, protocol: type[Protocol]) -> type[RunConfig]:
    title = "".join(part.capitalize() for part in name.split("_"))
    own: Any = (protocol, Field(default_factory=protocol))
    literal: Any = (Literal[address], ...)
    return create_model(f"{title}Config", __base__=RunConfig, scenario=literal, protocol=own)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of all scenarios' files, for editors."""
    classes = tuple(config_class(registry.find(name)) for name in registry.names())
    union: Any = reduce(or_, classes)
    return TypeAdapter(union).json_schema()


def validate(read: Source, scenario: Scenario) -> RunConfig:
    """Return the configuration that a source describes.

    Raises:
        InputError: anything is wrong; the text lists all problems, each with its place.
    """
    if halves := list(half_characters(read.data)):
        raise _input_error(read, halves)
    # A block with nothing below it, as when all below is commented out, is as good as absent;
    # a seed has nothing below it, and nobody means 0 by nothing.
    read.data = {
        key: value for key, value in read.data.items() if value is not None or key == "seed"
    }
    kept = _kept_prompts(read)
    read.data["prompts"] = dict(_prompt_texts(read))
    _read_people(read)
    _read_instruments(read)
    model = config_class(scenario)
    try:
        config = model.model_validate(read.data, context={"folder": read.folder})
    except ValidationError as error:
        raise _input_error(read, explain(model, error, read.data)) from error
    problems = [
        *_joint_problems(config, scenario),
        *_intervention_problems(config, scenario),
        *_prompt_problems(config, scenario, kept),
        *_probe_problems(config),
    ] or list(_listing_problems(config, scenario))
    if problems:
        raise _input_error(read, problems)
    return config


def _input_error(read: Source, problems: Iterable[Problem]) -> InputError:
    lines = dict.fromkeys(f"{read.where(place)}: {message}" for place, message in problems)
    return InputError("\n".join(lines))


def _model_problems(config: RunConfig, scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with the roles and the models that a configuration names."""
    roles = (*scenario.roles, WRITER)
    for role in config.model.roles:
        if role not in roles:
            hint = nearest(role, roles)
            yield ("model", "roles", role), f"{scenario.name} has no such role{hint}"
    for place, spec in config.models():
        provider = provider_of(spec.name)
        if problem := provider.problem(spec, scenario):
            yield (*place, "name"), problem
        elif options := provider.options(spec, scenario):
            try:
                options.model_validate(spec.options)
            except ValidationError as error:
                for inner, message in explain(options, error, spec.options):
                    yield (*place, "options", *inner), message


def _intervention_problems(config: RunConfig, scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with interventions: what each makes of the configuration is checked."""
    stage = config
    for number, change in enumerate(config.interventions):
        place = ("interventions", number)
        if change.kind in ("add", "remove") and change.kind not in scenario.supports:
            able = ", ".join(scenario.supports) or "neither add nor remove"
            yield (
                (*place, change.kind),
                f"{scenario.name} cannot change its population during a run (it supports: {able})",
            )
        if change.set is None:
            continue
        refused = unchangeable(change.set)
        for key, why in refused.items():
            yield (*place, "set", key), why
        if not refused:
            found, stage = _changed(stage, change.set, scenario)
            for key, message in found:
                yield (*place, "set", key), message


def _changed(
    stage: RunConfig, sets: Mapping[str, Any], scenario: Scenario
) -> tuple[list[tuple[str, str]], RunConfig]:
    """Return the problems of setting values, by key, and what they make of a configuration."""
    try:
        data = stage.data_with(sets)
        changed = stage.model_validate(data)
    except InputError as error:
        return [(next(iter(sets)), str(error))], stage
    except ValidationError as error:
        return [_owned(sets, problem) for problem in explain(type(stage), error, data)], stage
    before = _joint_problems(stage, scenario)
    problems = [each for each in _joint_problems(changed, scenario) if each not in before]
    if changed.population.size != stage.population.size:
        problems.append((("population",), "the number of agents cannot change during a run"))
    return [_owned(sets, problem) for problem in problems], changed


def _joint_problems(config: RunConfig, scenario: Scenario) -> list[Problem]:
    """Return what is wrong between the values of a configuration, each of which is valid."""
    return [
        *_model_problems(config, scenario),
        *_population_problems(config),
        *scenario.problems(config),
    ]


def _owned(sets: Mapping[str, Any], problem: Problem) -> tuple[str, str]:
    """Return the set key that a problem of the resulting configuration belongs to, and it."""
    place, message = problem
    full = ".".join(map(str, place))
    owners = [key for key in sets if f"{full}.".startswith(f"{key}.")]
    owner = max(owners, key=len, default=next(iter(sets)))
    return owner, message if full == owner else f"{full}: {message}"


def _prompt_problems(
    config: RunConfig, scenario: Scenario, kept: Collection[str]
) -> Iterator[Problem]:
    """Yield what is wrong with the prompt templates a configuration brings, or a run kept."""
    folders = [scenario.folder / "prompts"]
    known = Prompts(folders).names()
    for name in config.prompts:
        if name not in known and name not in kept:
            yield ("prompts", name), f"no such template{nearest(name, known)}"
    try:
        Prompts(folders, config.prompts).check()
    except PromptError as error:
        yield ("prompts",), str(error)


def _population_problems(config: RunConfig) -> Iterator[Problem]:
    """Yield why the population that is asked for cannot be drawn."""
    try:
        if config.population.is_drawn:
            config.draw().next_person()
    except SocietyError as error:
        yield ("population",), str(error)


def confounded_factors(config: RunConfig) -> list[str]:
    """Return a warning for each two factors of the population's design that determine each other.

    Whoever is drawn, turns are taken by the same rule: nothing has to be fitted or drawn for it.
    """
    free: dict[str, Any] = {"traits": None, "margins": None, "attributes": {}, "exclude": []}
    spec = config.population.model_copy(update=free)
    people = Population(spec, config.model, config.seed).people(min(spec.size, MOST_WEIGHED))
    return warnings(factors(spec, people))


def left_out(config: RunConfig, scenario: Scenario) -> list[str]:
    """Return what is to be said of people who are listed and take no part, if there are any."""
    listed, taking_part = _listed(config), scenario.taking_part(config)
    if listed <= taking_part:
        return []
    return [
        f"{listed:,} people are listed, and {taking_part:,} take part: the last "
        f"{listed - taking_part:,} are left out (population.size is {config.population.size:,})"
    ]


def _listed(config: RunConfig) -> int:
    spec = config.population
    return len(spec.file.lines if spec.file else spec.people)


def _listing_problems(config: RunConfig, scenario: Scenario) -> Iterator[Problem]:
    """Yield that fewer people are listed than join, newcomers included."""
    spec, listed, taking_part = config.population, _listed(config), scenario.taking_part(config)
    if listed and listed < taking_part and not spec.repeat:
        yield (
            ("population", "file" if spec.file else "people"),
            f"{taking_part} people take part in this run, newcomers included, and {listed} are "
            "listed; add people, or set repeat: true to begin again with the first",
        )


def _probe_problems(config: RunConfig) -> Iterator[Problem]:
    """Yield what is wrong with the probes: names, instruments, templates, items."""
    titles = [probe.title for probe in config.probes]
    for position, probe in enumerate(config.probes):
        if titles.count(probe.title) > 1:
            yield ("probes", position, "name"), f"two probes are called {probe.title!r}"
        if probe.instrument:
            yield from design_problems(config, probe, ("probes", position))


def design_problems(config: RunConfig, design: Design, place: Place) -> Iterator[Problem]:
    """Yield what is wrong with the administration of an instrument."""
    from societies.agents.instruments import files

    if design.instrument not in config.instruments and design.instrument not in files.names():
        known = [*config.instruments, *files.names()]
        hint = nearest(design.instrument, known)
        yield (*place, "instrument"), f"there is no such instrument{hint}"
        return
    questions = config.instrument(design.instrument).questions()
    valid = [name for kind in {q.kind for q in questions} for name in TEMPLATES[kind]]
    for name in design.templates:
        if name not in valid:
            yield (*place, "templates"), f"no template {name!r} fits{nearest(name, valid)}"
    items = [question.id for question in questions]
    for name in design.items:
        if name not in items:
            yield (*place, "items"), f"no item is called {name!r}{nearest(name, items)}"
    yield from _letter_problems(design, questions, place)
    bare = [question.id for question in select(design, questions) if not question.paraphrase]
    if "paraphrase" in design.wordings and bare:
        told = f"{len(bare)} items have no paraphrase (the first is {bare[0]!r})"
        yield (*place, "wordings"), f"{told}: ask them in the wording `original` only"


def _letter_problems(
    design: Design, questions: Sequence[Question], place: Place
) -> Iterator[Problem]:
    """Yield that there are more answers than letters, if letters are to stand before them."""
    most = max((len(question.options) for question in questions), default=0)
    if most <= len(ascii_uppercase):
        return
    templates = {template_of(question, cell) for question in questions for cell in cells(design)}
    own = "own" in design.label_styles and design.batch == "item"
    lettered = own and any(OWN_LABELS.get(name) == "letters" for name in templates)
    if lettered or "letters" in design.label_styles:
        yield (
            (*place, "label_styles"),
            f"{most} answers are more than there are letters: set label_styles: [numbers]",
        )


def _read_instruments(read: Source) -> None:
    """Read the questionnaires that the file names, so that the run holds them."""
    given = read.data.get("instruments")
    if not isinstance(given, dict):
        return
    from societies.agents.instruments import files

    for name, described in given.items():
        described = {"file": described} if isinstance(described, str) else described
        if not isinstance(described, dict) or "file" not in described:
            continue
        place = ("instruments", name)
        try:
            source = files.InstrumentFile.model_validate(described)
            locate(source.file, read.folder)
            given[name] = files.read(source, read.folder)
        except ValidationError as error:
            problems = explain(files.InstrumentFile, error, described)
            raise _input_error(read, [((*place, *at), text) for at, text in problems]) from error
        except (SocietyError, ValueError) as error:
            raise InputError(f"{read.where(place)}: {error}") from error


def _read_people(read: Source) -> None:
    """Read the population's file (relative to the YAML file), so that the run holds its rows."""
    population = read.data.get("population")
    file = population.get("file") if isinstance(population, dict) else None
    if isinstance(file, str):
        file = {"path": file}
    if not isinstance(population, dict) or not isinstance(file, dict):
        return
    if not isinstance(file.get("path"), str) or file.get("rows") is not None:
        return
    from societies.agents.population.files import mentioned, read_rows

    try:
        path = locate(file["path"], read.folder)
        rows = read_rows(path, {*mentioned({**population, "file": file})})
    except (SocietyError, ValueError) as error:
        raise InputError(f"{read.where(('population', 'file'))}: {error}") from error
    read.data["population"] = {**read.data["population"], "file": {**file, "rows": rows}}


def _kept_prompts(read: Source) -> set[str]:
    """Return the templates that a run kept; the scenario may not have all of them any more."""
    prompts = read.data.get("prompts")
    given = prompts.items() if isinstance(prompts, dict) else ()
    return {name for name, text in given if isinstance(text, str) and is_kept(Path(text))}


def _prompt_texts(read: Source) -> Iterator[tuple[str, str]]:
    """Replace files (`name.j2`, relative to the YAML file) by their text, so the run holds it."""
    prompts = read.data.get("prompts") or {}
    if not isinstance(prompts, dict):
        raise InputError(f"{read.where(('prompts',))}: should map template names to files or texts")
    for name, given in prompts.items():
        if not isinstance(given, str) or not _names_a_file(given):
            yield name, given
            continue
        try:
            yield name, documents.text(locate(given, read.folder))
        except (OSError, ValueError) as error:
            raise InputError(f"{read.where(('prompts', name))}: {error}") from error


def _names_a_file(given: str) -> bool:
    """Whether a prompt is given as a file: one line that looks like a path and like no template."""
    if "\n" in given or "{{" in given or "{%" in given:
        return False
    given = given.strip()
    return not given or "/" in given or bool(re.search(r"^\S+\.\w{1,4}$", given))
