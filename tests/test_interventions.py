"""Interventions: said, changed, added and removed at a scope, and at no earlier one."""

from contextlib import nullcontext
from dataclasses import replace

import polars as pl
import pytest

import societies
from societies.agents import LLMAgent, Text
from societies.agents.models.base import Completion
from societies.cli.compare import show_comparison
from societies.cli.show import show_summary
from societies.config.interventions import Intervention
from societies.errors import InputError, RunFailedError, RunInterruptedError
from societies.loading.load import load, validate
from societies.loading.source import Source
from societies.registry import find
from societies.runs.run import Run
from societies.runs.transcript import transcript
from societies.society import Society
from societies.testing import check_dry_play
from tests.conftest import SMALL, assert_same_record, record

SCRAMBLED = {"name": "scripted/persona", "options": {"latency": 0.002, "latency_sigma": 1.5}}
"""Replies come back in any order."""

SAY = {"at": "g1/game2", "say": {"text": "Prices have risen.", "to": ["1_1", "1_2"]}}
LASTING = {"at": "g2", "say": {"text": "War is near.", "lasting": True}}
MODEL = {"at": "g1/game1/r03", "model": {"agents": ["1_1"], "name": "scripted/defector"}}
THREE = {"protocol.generations": 3, "population.size": 8, "protocol.survivors": 4}
SET = {
    "at": "g2/game1",
    "set": {"protocol.multiplier": 3.0, "population.persona.attributes": {"trade": "baker"}},
}


@pytest.fixture
def changed(run_small):
    """Return a function that runs the small donor game with interventions."""

    def run(*interventions, **sets) -> Run:
        whole = {"population.groups": [], "model": SCRAMBLED, **sets}
        return run_small(interventions=list(interventions), **whole)

    return run


def prompts(run: Run) -> dict[str, str]:
    """Return the full prompt of every call, by key, in program order."""
    keys = run.table("calls").collect()["key"]
    return {key: "\n".join(text for _, text in run.call(key).messages) for key in keys}


def test_an_announcement_stands_above_the_next_question_of_those_who_hear_it(changed):
    run = changed(SAY)
    heard = [key for key, text in prompts(run).items() if "Announcement: Prices" in text]
    asked = run.table("calls").filter(pl.col("scope").str.starts_with("g1/game2")).collect()
    first = [asked.filter(agent=name)["key"][0] for name in ("1_1", "1_2")]
    assert sorted(heard) == sorted(first)
    said = run.table("messages").filter(channel="announcement").collect()
    assert said.select("scope", "agent", "receivers", "text").rows() == [
        ("g1/game2", None, ["1_1", "1_2"], "Prices have risen.")
    ]
    row = run.table("interventions").collect().row(0, named=True)
    assert (row["kind"], row["applied"], row["agents"]) == ("say", True, ["1_1", "1_2"])


def test_a_lasting_announcement_stands_above_every_later_question(changed):
    run = changed(LASTING)
    for key, text in prompts(run).items():
        assert ("Announcement: War is near." in text) == key.startswith("g2/"), key


def test_another_model_answers_from_the_scope_on(changed):
    run = changed(MODEL)
    calls = run.table("calls").filter(agent="1_1").collect()
    for key, model in calls.select("key", "model").iter_rows():
        before = key.startswith(("g1/strategy", "g1/game1/r01", "g1/game1/r02"))
        assert model == ("scripted/persona" if before else "scripted/defector"), key
    others = run.table("calls").filter(pl.col("agent") != "1_1").collect()
    assert set(others["model"]) == {"scripted/persona"}
    rows = run.table("interventions").collect()
    assert rows.select("agent", "model").rows() == [(None, None), ("1_1", "scripted/defector")]


def test_parameters_and_personas_change_from_the_scope_on(changed):
    run = changed(SET)
    for key, text in prompts(run).items():
        later = key.startswith(("g2/game1", "g2/game2"))
        assert ("gets 3 times the amount" in text) == later, key
        assert ("Your trade: baker." in text) == later, key
    gifts = run.table("donations").collect()
    for row in gifts.iter_rows(named=True):
        multiplier = 3 if row["generation"] == 2 else 2
        gained = row["recipient_after"] - row["recipient_before"]
        assert gained == pytest.approx(multiplier * row["amount"])
    assert run.table("interventions").collect().height == 1 + 4


def test_newcomers_follow_the_changed_population(changed):
    change = {"at": "g1/game2", "set": {"population.persona.attributes": {"trade": "baker"}}}
    agents = changed(change).table("agents").collect()
    trades = dict(agents.select("agent", "attributes").iter_rows())
    assert trades["1_1"] == "{}"
    assert trades["2_1"] == '{"trade":"baker"}'


def test_the_record_is_the_same_in_any_order_of_replies_and_replays(changed):
    everything = (SAY, LASTING, MODEL, SET)
    runs = [
        changed(*everything, **{"limits.in_flight": 1}),
        changed(*everything, model={"name": "scripted/persona"}),
    ]
    hashes = [run.table("calls").select("key", "model").collect() for run in runs]
    scattered = changed(*everything)
    assert_same_record(record(runs[0]), record(scattered))
    assert hashes[0].equals(hashes[1])
    societies.replay(scattered.path)


def test_a_run_with_interventions_is_resumed_as_if_undisturbed(changed, tmp_path):
    undisturbed = changed(SAY, MODEL, SET)

    def stop_soon(society: Society):
        append, left = society.calls.journal.append, iter(range(20))

        def append_some(*arguments, **options):
            append(*arguments, **options)
            if next(left, None) is None:
                society.interrupt("enough")

        society.calls.journal.append = append_some
        return nullcontext()

    with pytest.raises(RunInterruptedError, match="enough") as caught:
        societies.run(undisturbed.path / "scenario.yaml", out=tmp_path / "again", watch=stop_soon)
    resumed = societies.resume(caught.value.run)
    assert resumed.about["totals"]["journalled"] >= 20
    assert_same_record(record(undisturbed), record(resumed))


def test_an_intervention_that_never_took_place_is_told(changed, capsys):
    run = changed({"at": "g7", "say": {"text": "hello"}})
    row = run.table("interventions").collect().row(0, named=True)
    assert (row["scope"], row["applied"]) == ("g7", False)
    show_summary(run)
    assert "interventions.0 (say) never took place: no scope g7" in capsys.readouterr().out
    assert "never came to its scope" in "\n".join(transcript(run))


def test_somebody_who_is_not_there_is_told(changed):
    with pytest.raises(RunFailedError, match=r"at g2\): no agent is called 'Ann' \(valid: 1_"):
        changed({"at": "g2", "say": {"text": "hello", "to": ["Ann"]}})


@pytest.mark.parametrize(
    ("intervention", "told"),
    [
        ({"at": "g2"}, r"interventions.0: give exactly one of say, .* \(found: none\)"),
        ({"at": "g2", "add": 1, "remove": ["1_1"]}, "found: remove and add"),
        ({"at": "g2/", "add": 2}, "'g2/' is no scope"),
        ({"at": "g2#1_1", "add": 2}, "is no scope"),
        (
            {"at": "g2/game1", "add": 2},
            r"add: agents join and leave when newcomers do, at one of g1",
        ),
        (
            {"at": "g2", "remove": ["1_1"]},
            "interventions.0.remove: .* agents would play then: an even",
        ),
        ({"at": "g2", "remove": ["*"]}, "interventions.0.remove: somebody has to stay"),
        ({"at": "g2", "sya": {}}, r"unknown key; did you mean 'say'"),
        ({"at": "g2", "say": {"txt": "a"}}, r"say.txt: unknown key; did you mean 'text'"),
        ({"at": "g2", "model": {"name": "scripted/defectr"}}, "no such mind; did you mean"),
        ({"at": "g2", "set": {"seed": 3}}, "interventions.0.set.seed: it cannot change during"),
        ({"at": "g2", "set": {"population.size": 6}}, "set.population.size: the number of agents"),
        ({"at": "g2", "set": {"population": {"size": 6}}}, "the number of agents cannot change"),
        ({"at": "g2", "set": {"protocol.round": 6}}, "protocol.round: unknown key; did you mean"),
        ({"at": "g2", "set": {"protocol.survivors": 5}}, "5 agents cannot survive"),
        ({"at": "g2", "set": {"model.name": "scripted/no"}}, "set.model.name: no such mind"),
        ({"at": "g2", "set": {"model.name.a": 1}}, "model.name.a leads nowhere"),
    ],
)
def test_mistakes_are_told_with_their_place(intervention, told):
    with pytest.raises(InputError, match=told):
        load("donor_game/demo", {**SMALL, "interventions": [intervention]})


def test_a_mistake_in_a_file_has_line_and_column(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "scenario: donor_game\nmodel: {name: scripted/persona}\npopulation: {size: 4}\n"
        "protocol: {survivors: 2}\n"
        "interventions:\n  - at: g2\n    set:\n      protocol.multiplier: 3\n      protocol.x: 1\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=r"mine.yaml:9:7: interventions.0.set.protocol.x: unknown"):
        load(file)


def test_what_is_resolved_is_what_was_written():
    config, _ = load("donor_game/demo", {**SMALL, "interventions": [SAY, SET]})
    dumped = config.model_dump(mode="json")["interventions"]
    assert dumped[0] == {**SAY, "say": {**SAY["say"], "lasting": False}}
    assert dumped[1] == SET
    assert [Intervention.model_validate(each).kind for each in dumped] == ["say", "set"]


class Club(Society):
    """A society that can grow and shrink: every day, each member says a word, in turn."""

    async def play(self):
        for number in range(1, 3):
            self.enroll(f"m{number}")
        for day in range(1, 4):
            for member in list(self.agents):
                self.schedule(self.speak(member), agents=[member], scope=f"d{day}/{member.name}")
            for name in self.late(day):
                member = next(agent for agent in self.agents if agent.name == name)
                self.schedule(self.speak(member), agents=[member], scope=f"d{day}/{name}")
            yield

    def late(self, day: int) -> list[str]:
        """Return who joined while the day was being planned."""
        open_scopes = {each.scope for each in self._scheduler._order}
        return [a.name for a in self.agents if f"d{day}/{a.name}" not in open_scopes]

    async def speak(self, member: LLMAgent) -> None:
        await member.ask("strategy", Text, text=f"Speak, {member.name}")

    def add_agents(self, number: int) -> list[LLMAgent]:
        return [self.enroll(f"m{len(self.roles) + 1}") for _ in range(number)]


def club(*interventions, supports=("add", "remove")) -> Club:
    """Play the club with interventions."""
    scenario = replace(find("donor_game"), supports=supports, check=lambda config: ())
    data = {
        "scenario": "donor_game",
        "name": "club",
        "model": {"name": "scripted/persona"},
        "population": {"size": 2},
        "protocol": {"survivors": 1},
        "prompts": {"system": "{{ persona }}", "strategy": "{{ text }}"},
        "interventions": list(interventions),
    }

    class Yes:
        async def complete(self, request, key):
            return Completion("yes")

    society = Club(validate(Source(data), scenario), open_model=lambda spec: Yes())
    society.run()
    return society


def test_agents_are_added_and_removed_by_the_scenarios_hooks():
    society = club({"at": "d2", "add": 1}, {"at": "d3", "remove": ["m1"]})
    calls = society.log.table("calls").collect()["scope"].to_list()
    assert [scope for scope in calls if scope.endswith("m3")] == ["d2/m3", "d3/m3"]
    assert "m1" not in {agent.name for agent in society.agents}
    rows = society.log.table("interventions").select("kind", "agents", "scope").collect().rows()
    assert rows == [("add", ["m3"], "d2"), ("remove", ["m1"], "d3")]
    joined = society.log.table("agents").collect()
    assert joined["agent"].to_list() == ["m1", "m2", "m3"]


def test_agents_join_and_leave_a_donor_game_between_generations(changed):
    run = changed({"at": "g2", "add": 4}, {"at": "g3", "remove": ["1_5", "1_6"]}, **THREE)
    donors = run.table("donations").collect().group_by("generation").agg(pl.col("agent").unique())
    playing = {generation: set(names) for generation, names in donors.rows()}
    first = run.config.population.size
    assert [len(playing[generation]) for generation in (1, 2, 3)] == [first, first + 4, first + 2]
    assert {"1_5", "1_6"} <= playing[2] - playing[3]
    joined = run.table("interventions").filter(kind="add").collect()["agents"].item()
    agents = run.table("agents").filter(pl.col("agent").is_in(list(joined))).collect()
    survivors = set(run.table("scores").filter(generation=1, survived=True).collect()["agent"])
    assert all(set(parents) == survivors for parents in agents["parents"])
    check_dry_play(run)
    societies.replay(run.path)


def test_a_scenario_that_supports_one_refuses_the_other():
    with pytest.raises(InputError, match=r"it supports: remove"):
        club({"at": "d2", "add": 1}, supports=("remove",))


def test_announcements_are_remembered_with_the_question_and_told_to_minds():
    asked = []

    class Listening(Club):
        async def speak(self, member: LLMAgent) -> None:
            await member.aside("strategy", Text, text="aside")
            await member.ask("strategy", Text, text="first")
            await member.ask("strategy", Text, text="second")

    config, _ = load(
        "donor_game/demo",
        {
            **SMALL,
            "prompts": {"system": "{{ persona }}", "strategy": "{{ text }}"},
            "interventions": [{"at": "d3", "say": {"text": "Hark!"}}],
        },
    )

    class Yes:
        async def complete(self, request, key):
            asked.append((key, request.messages[-1].content, request.situation.get("announced")))
            return Completion("yes")

    Listening(config, open_model=lambda spec: Yes()).run()
    told = {key: (text, heard) for key, text, heard in asked if heard}
    assert sorted(told) == [f"d3/m{n}#m{n}#{call}" for n in (1, 2) for call in (1, 2)]
    assert told["d3/m1#m1#2"][0] == "Announcement: Hark!\n\nfirst"
    assert told["d3/m1#m1#2"][1][0].text == "Hark!"


def test_every_conversation_of_an_agent_hears_an_announcement_once_and_changes_with_it():
    asked = []

    class Talkative(Society):
        async def play(self):
            ann = self.enroll("ann")
            threads = [ann.thread(topic) for topic in ("war", "peace")]
            for day in range(1, 4):
                for thread in threads:
                    scope = f"d{day}/{thread.topic}"
                    self.schedule(self.talk(thread), agents=[thread], scope=scope)
                yield

        async def talk(self, thread: LLMAgent) -> None:
            await thread.ask("strategy", Text, text="Well?")

    say = {"at": "d2", "say": {"text": "Hark!"}}
    became = {"at": "d3", "set": {"population.persona.text": "You are old."}}
    prompts = {"system": "{{ persona }}", "strategy": "{{ text }}"}
    sets = {**SMALL, "prompts": prompts, "interventions": [say, became]}
    config, _ = load("donor_game/demo", {**sets, "population.groups": []})

    class Yes:
        async def complete(self, request, key):
            first, last = request.messages[0].content, request.messages[-1].content
            asked.append((key.partition("#")[0], "Hark!" in last, "old" in first))
            return Completion("yes")

    Talkative(config, open_model=lambda spec: Yes()).run()
    assert sorted(asked) == [
        ("d1/peace", False, False),
        ("d1/war", False, False),
        ("d2/peace", True, False),
        ("d2/war", True, False),
        ("d3/peace", False, True),
        ("d3/war", False, True),
    ]


def test_runs_with_and_without_an_intervention_are_compared(changed, capsys):
    plain, other = changed(model={"name": "scripted/persona"}), changed(MODEL)
    show_comparison([plain, other])
    shown = capsys.readouterr().out
    assert "interventions.0.model.name" in shown
    assert "part at call 'g1/strategy/1_1#1_1#1'" in shown
