"""What the tests of debates share: small configurations, and what was asked in a run."""

import polars as pl

import societies

KINDS = {
    "symmetric": 3,
    "judged": 2,
    "single": 1,
    "chain_of_thought": 1,
    "self_consistency": 1,
    "self_reflection": 1,
    "majority": 3,
}


def settings(kind, *, size=None, count=6, solver=None, judge=None, task=None, **protocol):
    model = {"name": "scripted/solver", "options": solver or {}}
    if judge is not None:
        model["roles"] = {"judge": {"name": "scripted/judge", "options": judge}}
    return {
        "scenario": "debate",
        "name": "test",
        "seed": 5,
        "model": model,
        "population": {"size": size or KINDS[kind]},
        "protocol": {
            "kind": kind,
            "task": task or {"kind": "arithmetic", "count": count},
            **protocol,
        },
    }


def play(given, out):
    return societies.run(given, out=out)


def calls_by_question(run):
    calls = run.table("calls").collect()
    question = pl.col("scope").str.split("/").list.first()
    return dict(calls.group_by(question).len().iter_rows())


def prompts(run, scope):
    """Return agent, prompt and the user's last message of every call of a question."""
    calls = run.table("calls").filter(pl.col("scope").str.starts_with(scope)).collect()
    return [
        (row["agent"], row["prompt"], run.call(row["key"]).messages)
        for row in calls.iter_rows(named=True)
    ]
