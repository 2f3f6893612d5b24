"""What only a scenario can promise: what is conserved, who knows what, how much is asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from shlex import quote

import polars as pl

from societies.agents.population import Person
from societies.execute.play import play
from societies.record.journal import Journal
from societies.runs.results import MODEL, violations
from societies.runs.run import Run
from societies.testing.rows import Row, in_order
from societies.testing.tables import tables_of, told_in

SHOWN = 5
"""Violations that a message lists."""

Secrets = Mapping[str, Sequence[str]]
"""What each agent alone knows, by its name."""


def check_conserved(run: Run, conserved: Callable[[Run], Iterable[str]] | None = None) -> None:
    """Check that what cannot change did not.

    Args:
        run: a finished run.
        conserved: yields a sentence per violation; the scenario's own (`Scenario.conserved`) by
            default.

    Raises:
        AssertionError: there are violations; the text lists the first ones.
    """
    found = list(conserved(run)) if conserved else violations(run)
    if found:
        more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
        raise AssertionError(f"Not conserved: {'; '.join(found[:SHOWN])}{more}")


def check_dry_play(run: Run) -> None:
    """Check that a dry play, which estimates rest on, makes the calls that the run made.

    Only a run of scripted minds is compared: what hosted models say, nobody knows beforehand.

    Raises:
        AssertionError: it makes more or fewer; the text says of whom.
    """
    cast = play(run.config, run.scenario)
    if cast.hosted:
        return
    made = _made(run)
    played = {(cast.label(use.spec), use.role): use.calls for use in cast.uses.values()}
    for model, role in dict.fromkeys((*made, *played)):
        calls, dry = made.get((model, role), 0), played.get((model, role), 0)
        if calls != dry:
            who = f"{model} in role {role!r}" if role else model
            raise AssertionError(
                f"{who} was asked {calls} times in the run of {run.scenario.name}, and {dry} times "
                "when it was played in memory: whether something is asked depends on where it runs"
            )


def _made(run: Run) -> dict[tuple[str, str], int]:
    """Return how many calls a run made of each model in each role."""
    roles = run.table("agents").select("agent", "role").unique()
    rows = run.rows("calls").with_columns(MODEL).join(roles, on="agent", how="left")
    counted = rows.group_by("model", "role").agg(pl.len()).collect()
    return {(model, role or ""): calls for model, role, calls in counted.iter_rows()}


def check_secrets(run: Run, secrets: Secrets | None = None) -> None:
    """Check that nobody is shown another agent's secret before having been told it.

    Told is who receives a message (table `messages`) in which it stands; a message without
    receivers is for everybody. What an agent itself said (its own replies) does not count against
    anybody. Secrets are looked for without regard to case and blanks.

    Args:
        run: a finished run.
        secrets: what each agent alone knows; by default the secrets of the personas, as far as
            they are no part of what several people share.

    Raises:
        AssertionError: a secret stands in a prompt; the text names the call and the two agents.
    """
    tables = tables_of(run)
    known = persona_secrets(run) if secrets is None else secrets
    strangers = set(known).difference(tables["agents"]["agent"])
    if strangers:
        raise AssertionError(f"There are secrets of {min(strangers)!r}, who is not in the run")
    owned = [(owner, _plain(text)) for owner, texts in known.items() for text in texts]
    if owned:
        with run.journal() as journal:
            _check_prompts(in_order(tables, "messages", "calls"), owned, journal)


def _check_prompts(
    rows: Iterator[tuple[str, Row]], owned: Sequence[tuple[str, str]], journal: Journal
) -> None:
    """Follow who was told what, and look for the secrets of others in everybody's prompts."""
    told: dict[str, str] = {}
    everybody = ""
    for name, row in rows:
        if name == "messages":
            said = f"\n{_plain(row['text'])}"
            everybody += "" if row["receivers"] else said
            for receiver in row["receivers"]:
                told[receiver] = told.get(receiver, "") + said
            continue
        heard = told.get(row["agent"], "") + everybody
        prompt = _plain("\n".join(told_in(journal, row["key"])))
        for owner, secret in owned:
            if owner != row["agent"] and secret in prompt and secret not in heard:
                raise AssertionError(
                    f"The secret {secret!r} of {owner} stands in the prompt of {row['agent']} "
                    f"(call {quote(row['key'])}), who had not been told it"
                )


def persona_secrets(run: Run) -> Secrets:
    """Return the secrets that personas declare, by agent; shared ones are nobody's alone."""
    agents = run.table("agents").select("agent", "person").collect()
    people = _people(run, max(agents["person"].to_list(), default=-1) + 1)
    declared = {
        name: list(getattr(people[index].persona, "secrets", ()))
        for name, index in agents.iter_rows()
        if index >= 0
    }
    texts = [text for own in declared.values() for text in own]
    return {
        name: [text for text in own if texts.count(text) == 1] for name, own in declared.items()
    }


def _people(run: Run, number: int) -> list[Person]:
    config = run.config
    population = config.draw()
    return [population.next_person() for _ in range(number)]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
