"""Copying a shipped scenario, or a small whole one, to start one's own from."""

import re
import shutil
from pathlib import Path

from societies import registry
from societies.errors import InputError
from societies.loading.source import find_file

PROMPTS_NOTE = "\n# Your copies of the prompt templates; without a line the shipped one is used.\n"


def copy_scenario(name: str, folder: Path | None) -> list[Path]:
    """Copy a scenario's YAML files (or one of them) and its prompts; return the new files.

    Raises:
        InputError: there is no such scenario, or a file would be overwritten.
    """
    scenario_name, _, file = name.partition("/")
    scenario = registry.find(scenario_name)
    sources = [find_file(name)] if file else scenario.files()
    folder = folder or Path(scenario_name)
    templates = sorted((scenario.folder / "prompts").glob("*.j2"))
    copies = [folder / path.name for path in sources]
    prompts = [folder / "prompts" / path.name for path in templates]
    existing = [path for path in (*copies, *prompts) if path.exists()]
    if existing:
        raise InputError(f"{existing[0]} exists; name another folder, or move it away")
    try:
        (folder / "prompts").mkdir(parents=True, exist_ok=True)
        for source, copy in zip(templates, prompts, strict=True):
            shutil.copyfile(source, copy)
        for source, copy in zip(sources, copies, strict=True):
            copy.write_text(_with_prompts(source.read_text("utf-8"), templates), "utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from error
    return [*copies, *prompts]


def write_scenario(name: str, folder: Path | None) -> list[Path]:
    """Write a small, complete scenario of one's own, the public goods game; return its files.

    Args:
        name: what it is called; its folder, too, if none is given.
        folder: where it is written.

    Raises:
        InputError: the name cannot be one, or a file would be overwritten.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"{name!r} cannot be a scenario's name: use small letters, digits and _")
    folder = folder or Path(name)
    kinds = ("*.py", "prompts/*.j2", "*.yaml", "*.md")
    sources = [path for kind in kinds for path in sorted(registry.STARTER.glob(kind))]
    copies = {
        path: folder / _renamed(str(path.relative_to(registry.STARTER)), name) for path in sources
    }
    existing = [path for path in copies.values() if path.exists()]
    if existing:
        raise InputError(f"{existing[0]} exists; name another folder, or move it away")
    try:
        for source, copy in copies.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(_renamed(source.read_text("utf-8"), name), "utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from error
    return list(copies.values())


def _renamed(text: str, name: str) -> str:
    return text.replace("public_goods", name)


def _with_prompts(text: str, templates: list[Path]) -> str:
    """Return a scenario file that uses the copied templates beside it."""
    if not templates or "\nprompts:" in text:
        return text
    lines = "".join(f"  {path.stem}: prompts/{path.name}\n" for path in templates)
    return f"{text.rstrip()}\n{PROMPTS_NOTE}prompts:\n{lines}"
