"""One import root: what is importable, under which name, in a repository and in a wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agents", "scenarios", "analysis")


def test_folders_are_relative_links_in_the_package():
    for folder in FOLDERS:
        link = ROOT / "societies" / folder
        assert link.is_symlink()
        assert str(link.readlink()) == f"../{folder}"


def test_no_module_is_loaded_under_two_names():
    check = (
        "import sys, pkgutil, importlib, societies\n"
        "for module in pkgutil.walk_packages(societies.__path__, 'societies.'):\n"
        "    importlib.import_module(module.name)\n"
        "files = {}\n"
        "for name, module in list(sys.modules.items()):\n"
        "    file = getattr(module, '__file__', None) or ''\n"
        f"    if file.startswith({str(ROOT)!r}) and '.venv' not in file and name != '__main__':\n"
        "        import os; files.setdefault(os.path.realpath(file), []).append(name)\n"
        "doubles = {file: names for file, names in files.items() if len(names) > 1}\n"
        "assert len(files) > 30, files\n"
        "assert not doubles, doubles\n"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_lint_refuses_imports_of_the_bare_folders(tmp_path):
    offender = tmp_path / "offender.py"
    for folder in FOLDERS:
        offender.write_text(f"from {folder} import anything\n", encoding="utf-8")
        ruff = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml")]
        done = subprocess.run([*ruff, str(offender)], capture_output=True, text=True)
        assert "TID251" in done.stdout
        assert "import societies." + folder in done.stdout


@pytest.mark.slow
def test_the_wheel_runs_beside_a_users_own_modules_of_those_names(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    wheel = next(tmp_path.glob("societies-*.whl"))
    site, project = tmp_path / "site", tmp_path / "project"
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.split("/")[0] in FOLDERS]
        archive.extractall(site)
    (project / "analysis").mkdir(parents=True)
    (project / "agents.py").write_text("WHOSE = 'the user'\n", encoding="utf-8")
    (project / "analysis" / "__init__.py").write_text("WHOSE = 'the user'\n", encoding="utf-8")
    script = project / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(1, {str(site)!r})\n"
        "import agents, analysis, societies\n"
        "assert agents.WHOSE == analysis.WHOSE == 'the user'\n"
        f"assert societies.__file__.startswith({str(site)!r}), societies.__file__\n"
        "run = societies.run('donor_game/demo', sets={'protocol.generations': 1})\n"
        "assert run.table('donations').collect().height == 144\n"
        "from societies.cli.init import write_scenario; write_scenario('agents', None)\n"
        "assert societies.run('./agents/demo').scenario.name == 'agents'\n"
        "print(run.status)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=project
    )
    assert done.stdout.strip() == "finished", done.stderr
