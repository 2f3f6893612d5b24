"""Builds the package, as pyproject.toml says, if the whole of it is there."""

import sys
from pathlib import Path

from setuptools import setup

if sys.platform == "win32":
    sys.exit("societies runs on Linux, macOS and WSL: install it within WSL")
for name in ("agents", "analysis", "scenarios"):
    if not (Path(__file__).parent / "societies" / name).is_dir():
        sys.exit(
            f"societies/{name} should be a symbolic link to ../{name}, and is none here: "
            "git config core.symlinks true, check out again (git checkout HEAD -- societies), "
            "and install it again"
        )
setup()
