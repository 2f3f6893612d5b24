"""Copying a shipped scenario, to start one's own from."""

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


def _with_prompts(text: str, templates: list[Path]) -> str:
    """Return a scenario file that uses the copied templates beside it."""
    if not templates or "\nprompts:" in text:
        return text
    lines = "".join(f"  {path.stem}: prompts/{path.name}\n" for path in templates)
    return f"{text.rstrip()}\n{PROMPTS_NOTE}prompts:\n{lines}"
