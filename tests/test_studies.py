"""Studies as a new user would run them: every command and every number of their pages."""

from pathlib import Path

import pytest

from tests.pages import DOCS, follow

PAGES = sorted(path.name for path in (DOCS / "studies").glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_study_can_be_followed(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    follow(f"studies/{page}", tmp_path)
    index = (DOCS / "studies" / "README.md").read_text(encoding="utf-8")
    assert page == "README.md" or f"({page})" in index
