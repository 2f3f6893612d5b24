"""Installing: what is missing is said, with what to do."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def without_links(tmp_path_factory) -> Path:
    """Return a checkout as Git makes it where there are no symbolic links."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no Git checkout")
    folder = tmp_path_factory.mktemp("checkout") / "societies"
    clone = ["git", "clone", "-q", "-c", "core.symlinks=false", str(ROOT), str(folder)]
    subprocess.run(clone, check=True, capture_output=True)
    assert (folder / "societies" / "agents").is_file()
    return folder


@pytest.mark.parametrize(
    "code",
    [
        "import societies",
        "from setuptools import build_meta as b; b.build_wheel('dist')",
        "from setuptools import build_meta as b; b.build_editable('dist')",
    ],
)
def test_a_checkout_without_links_says_what_to_do(without_links: Path, code: str) -> None:
    done = python(code, without_links)
    assert done.returncode != 0
    told = done.stderr.strip().splitlines()[-1]
    assert "git config core.symlinks true, check out again" in told
    assert not list(without_links.glob("dist/*.whl"))


def test_windows_is_told_where_it_runs() -> None:
    done = python("import sys; sys.platform = 'win32'; import societies", ROOT)
    assert done.stderr.strip().endswith("Linux, macOS and WSL: install it within WSL")


def test_the_command_says_its_version() -> None:
    command = [sys.executable, "-m", "societies.cli.main", "--version"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"societies {version('societies')}\n")


def test_what_mesa_imports_without_saying_so_is_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert any(name.startswith("networkx") for name in declared)
