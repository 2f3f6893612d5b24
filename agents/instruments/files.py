"""Instruments from files: the shipped ones, and questionnaires that a user brings."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from societies.agents.errors import SocietyError
from societies.agents.files import documents
from societies.agents.files import rows as tables
from societies.agents.instruments.instrument import Instrument
from societies.agents.strict import Strict

FOLDER = Path(__file__).parent
TRAIT_NAMES = (
    "openness",
    "conscientiousness",
    "extraversion",
    "agreeableness",
    "neuroticism",
    "machiavellianism",
    "narcissism",
    "psychopathy",
)
KEYS = {"1": 1, "+1": 1, "1.0": 1, "-1": -1, "-1.0": -1}
"""What a table may write for an item's key."""
RESPONSES = ("response_high1", "response_high2", "response_low1", "response_low2")
AGREE = "How much do you agree with this statement about you?"
AGREEMENT = {
    5: ["disagree strongly", "disagree", "neither agree nor disagree", "agree", "agree strongly"],
    6: [
        "disagree strongly",
        "disagree",
        "disagree slightly",
        "agree slightly",
        "agree",
        "agree strongly",
    ],
    7: [
        "disagree strongly",
        "disagree",
        "disagree slightly",
        "neither agree nor disagree",
        "agree slightly",
        "agree",
        "agree strongly",
    ],
}

_ADAPTER: TypeAdapter[Any] = TypeAdapter(Instrument)


class InstrumentFile(Strict):
    """A questionnaire that a user brings, as a scenario file names it."""

    file: str
    """Where it lies, relative to the scenario file: YAML in this project's own form, or
    items as text lines, CSV, JSON, JSON lines or Parquet."""
    key: str | None = None
    """A scoring key for plain item lists: one of `keys()`, or `trait` for TRAIT's records.
    Without one a table needs the columns text, trait and key (1 or -1)."""
    instruction: str = ""
    """The question that is asked about every item; the key's, or about agreement, when absent."""
    scale: list[str] = Field(default_factory=list)
    """The answers in words; the key's, or degrees of agreement, when absent."""
    licence: str = "the user's own copy"
    sample: int | None = Field(default=None, ge=1)
    """Items per trait to draw, with the seed; for TRAIT's eight thousand."""
    seed: int = 0
    exclude: list[str] = Field(default_factory=list)
    """Items that are left out after sampling, by id."""


def names() -> list[str]:
    """Return the names of the shipped instruments."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "keys")


@lru_cache
def shipped(name: str) -> Any:
    """Return a shipped instrument."""
    return parse(_yaml(FOLDER / f"{name}.yaml"))


@lru_cache
def keys() -> dict[str, Any]:
    """Return the scoring keys of questionnaires that a user may bring."""
    found: dict[str, Any] = _yaml(FOLDER / "keys.yaml")
    return found


def parse(data: Any) -> Any:
    """Return the instrument that plain data describes.

    Raises:
        pydantic.ValidationError: the data describes none.
    """
    return _ADAPTER.validate_python(data)


def read(source: InstrumentFile, folder: Path) -> dict[str, Any]:
    """Return a user's questionnaire as the data of an instrument.

    Raises:
        SocietyError: the file cannot be read, or does not fit its key; the text says where.
    """
    path = folder / source.file
    try:
        data = _described(source, path)
        parse(data)
    except (OSError, ValueError) as error:
        if isinstance(error, ValidationError):
            detail = error.errors(include_url=False)[0]
            place = ".".join(map(str, detail["loc"]))
            told = detail["msg"].removeprefix("Value error, ")
            raise SocietyError(f"{path}, {place}: {told}") from error
        raise SocietyError(f"{path} cannot be read: {error}") from error
    return data


def _described(source: InstrumentFile, path: Path) -> dict[str, Any]:
    """Return the data of an instrument, whatever form the file has."""
    set_here = source.model_dump(exclude_defaults=True, exclude={"file"})
    if path.suffix in (".yaml", ".yml"):
        if set_here:
            raise ValueError(f"a YAML file says everything itself: leave out {', '.join(set_here)}")
        data: dict[str, Any] = _yaml(path)
        return data
    rows = _rows(path)
    if source.key == "trait":
        return _trait(source, rows)
    if source.sample:
        raise ValueError("only TRAIT's records are sampled: leave out sample")
    return _ratings(source, rows)


def parse_key(numbers: str) -> dict[int, bool]:
    """Return the item numbers of a key such as `1 6R 11`, each with whether it is reversed."""
    return {int(part.rstrip("R")): part.endswith("R") for part in numbers.split()}


def _yaml(path: Path) -> Any:
    return documents.yaml_document(documents.text(path), path).data


def _rows(path: Path) -> list[dict[str, Any]]:
    """Return a file's records; the lines of a text file are items in order."""
    if path.suffix == ".txt":
        lines = (line.strip() for line in documents.lines(documents.text(path)))
        return [{"text": line} for line in lines if line]
    return tables.read(path)


def _ratings(source: InstrumentFile, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a rated questionnaire: by a known key, or by the table's own columns."""
    if source.key is None:
        return _keyed_table(source, rows)
    if source.key not in keys():
        known = ", ".join(("trait", *keys()))
        raise ValueError(f"no scoring key is called {source.key!r} (there are: {known})")
    key = keys()[source.key]
    places: dict[int, tuple[str, bool]] = {
        number: (trait, reverse)
        for trait, numbers in key["traits"].items()
        for number, reverse in parse_key(numbers).items()
    }
    if len(rows) != max(places):
        raise ValueError(
            f"key {source.key} needs {max(places)} items, and the file has {len(rows)}"
        )
    items: list[dict[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        trait, reverse = places.get(number, ("", False))
        text = _text(row.get("text") or row.get("item"))
        items.append({"id": str(number), "text": text, "trait": trait, "reversed": reverse})
    scale = source.scale or key.get("scale") or AGREEMENT[key["points"]]
    data = _head(source, key["title"], scale, items, key.get("instruction", AGREE))
    own = {"combined": key["combined"]} if "combined" in key else {}
    if len(scale) == key["points"] and "references" in key:  # means on another scale are no match
        own["references"] = key["references"]
    return {**data, "scoring": key["scoring"], **own}


def _keyed_table(source: InstrumentFile, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a questionnaire whose table says each item's text, trait (or label) and key."""
    items = []
    for number, row in enumerate(rows, start=1):
        trait, key = row.get("trait") or row.get("label"), KEYS.get(str(row.get("key")).strip())
        if "text" not in row or not isinstance(trait, str) or key is None:
            raise ValueError(
                f"row {number} needs columns text, trait (or label; a name), and key 1 or -1"
            )
        identity = number if row.get("id") is None else row["id"]
        item = {"id": str(identity), "text": _text(row["text"]), "trait": trait.strip().lower()}
        items.append({**item, "reversed": key == -1})
    return _head(source, Path(source.file).stem, source.scale or AGREEMENT[5], items)


def _head(
    source: InstrumentFile,
    title: str,
    scale: list[str],
    items: list[dict[str, Any]],
    instruction: str = AGREE,
) -> dict[str, Any]:
    kept = [item for item in items if item["id"] not in source.exclude]
    _check_excluded(source, items)
    return {
        "kind": "rating",
        "title": title,
        "source": Path(source.file).name,
        "licence": source.licence,
        "instruction": source.instruction or instruction,
        "scale": scale,
        "items": kept,
    }


def _check_excluded(source: InstrumentFile, items: Sequence[Mapping[str, Any]]) -> None:
    """Raise ValueError if something is left out that is not there."""
    unknown = sorted(set(source.exclude) - {item["id"] for item in items})
    if unknown:
        raise ValueError(f"exclude names item {unknown[0]!r}, which the file does not have")


def _text(found: Any) -> str | None:
    """Return an item's text; None if it has none."""
    text = "" if found is None else str(found).strip()
    return text or None


def _trait(source: InstrumentFile, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return TRAIT's records in either layout (TRAIT, Lee et al. 2024) as a choice instrument."""
    by_trait: dict[str, list[dict[str, Any]]] = {}
    for number, row in enumerate(rows):
        absent = [name for name in ("personality", *RESPONSES) if not row.get(name)]
        if absent:
            raise ValueError(f"record {number} has no {absent[0]!r}")
        trait = str(row["personality"]).lower()
        if trait not in TRAIT_NAMES:
            raise ValueError(f"record {number}: {row['personality']!r} is none of the eight traits")
        situation, question = _situation(row, number)
        item = {
            "id": str(row.get("idx", number)),
            "trait": trait,
            "situation": situation,
            "question": question,
            "high": [str(row["response_high1"]), str(row["response_high2"])],
            "low": [str(row["response_low1"]), str(row["response_low2"])],
            "paraphrased_situation": row.get("paraphrased_situation") or "",
            "paraphrased_question": row.get("paraphrased_query") or "",
        }
        by_trait.setdefault(trait, []).append(item)
    _check_excluded(source, [item for items in by_trait.values() for item in items])
    kept = []
    for trait, items in by_trait.items():
        random = Random(f"{source.seed} {trait}")
        chosen = random.sample(items, min(source.sample or len(items), len(items)))
        kept += [item for item in chosen if item["id"] not in source.exclude]
    return {
        "kind": "choice",
        "title": "TRAIT",
        "source": f"{Path(source.file).name} (Lee et al. 2024, arXiv 2406.14703)",
        "licence": source.licence,
        "items": kept,
    }


def _situation(row: Mapping[str, Any], number: int) -> tuple[str, str]:
    """Return situation and query; the ready-made question counts as a query without situation."""
    if row.get("situation") and row.get("query"):
        return row["situation"], row["query"]
    if row.get("question"):
        situation, dot, query = str(row["question"]).rpartition(". ")
        return (f"{situation}.", query) if dot else ("", query)
    raise ValueError(f"record {number} has neither question nor situation and query")


__all__ = ["InstrumentFile", "keys", "names", "parse", "parse_key", "read", "shipped"]
