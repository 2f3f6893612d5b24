"""A real model behind a server on loopback for as long as a block of code runs."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

SERVER = Path(__file__).parent / "real_server.py"


@contextmanager
def served(model: Path, python: str = sys.executable, options: Sequence[str] = ()) -> Iterator[str]:
    """Serve a model file, and give the address for `model.api_base`; stop the server at the end.

    The server also ends when this process does, whatever ended it: its standard input closes.

    Args:
        model: a GGUF file.
        python: an interpreter that has `xllamacpp`.
        options: further options of `real_server.py`.

    Raises:
        SystemExit: the server does not start; what llama.cpp said stands in the text.
    """
    command = [python, str(SERVER), str(model), *options]
    with (
        TemporaryFile() as said,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as server,
    ):
        try:
            address = server.stdout.readline().strip() if server.stdout else ""
            if not address:
                server.wait()
                said.seek(0)
                told = said.read().decode(errors="replace")[-2000:]
                raise SystemExit(f"no server for {model}: {told}")
            yield address
        finally:
            server.kill()
