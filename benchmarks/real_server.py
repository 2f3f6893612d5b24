"""A llama.cpp server for one model file, on loopback, until its standard input ends.

It needs `xllamacpp` and nothing of this project, and is run by its path from an environment of its
own: `python benchmarks/real_server.py MODEL.gguf [--threads N] [--slots N] [--context N]`. The
first line that it prints is the address for `model.api_base`.
"""

import argparse
import os
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"


def arguments() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a GGUF file with its chat template in it")
    parser.add_argument("--threads", type=int, default=2, help="they spin: no more than idle cores")
    parser.add_argument("--slots", type=int, default=2, help="requests that are answered at once")
    parser.add_argument("--context", type=int, default=4096, help="tokens of each slot")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    return parser.parse_args()


def main() -> None:
    """Serve the model until standard input is closed, also by the death of who opened it."""
    asked = arguments()
    # llama.cpp writes its log to standard output, which is for the address alone.
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from xllamacpp import CommonParams, Server

    params = CommonParams()
    params.model.path = str(asked.model)
    params.hostnames, params.port = [LOOPBACK], asked.port
    params.n_parallel, params.n_ctx = asked.slots, asked.slots * asked.context
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = asked.threads
    server = Server(params)
    print(f"{server.listening_address}/v1", file=told, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
