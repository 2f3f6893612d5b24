"""A notebook: a real kernel, whose own event loop is running, shares the limits of a model."""

from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

from tests.conftest import SMALL
from tests.openai_server import serve
from tests.test_hosted_models import hosted, play, pytestmark  # noqa: F401 - LiteLLM's warnings

CELL = """
import asyncio, threading
import societies

asyncio.get_running_loop()  # a cell runs inside the kernel's loop
sets = {sets!r}
finished = []

def run(name):
    finished.append(societies.run("donor_game/demo", out={out!r} + "/" + name, sets=sets))

other = threading.Thread(target=run, args=("one",))
other.start()
run("two")
other.join()
print(*(run.status for run in finished))
"""


def execute(cell: str, folder: Path) -> list[dict[str, Any]]:
    """Execute a cell in a kernel of its own; return what it printed or raised."""
    told: list[dict[str, Any]] = []
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    try:
        client.execute_interactive(cell, timeout=120, output_hook=lambda m: told.append(m))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    contents = [message["content"] for message in told]
    return [each for each in contents if each.get("name") == "stdout" or "evalue" in each]


def test_runs_in_a_notebook_share_the_limit_of_a_model(tmp_path):
    with serve(play, delay=0.02) as server:
        sets = {**SMALL, **hosted(server.address), "limits.in_flight": 2}
        told = execute(CELL.format(sets=sets, out=str(tmp_path)), tmp_path)
    assert [each.get("text", each.get("evalue")) for each in told] == ["finished finished\n"]
    assert server.most_at_once == 2
