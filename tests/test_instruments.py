"""Instruments: how items are shown, how replies are read, and which files there are."""

import json
import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from societies import agents
from societies.agents.answers.answer import AnswerError
from societies.agents.errors import SocietyError
from societies.agents.instruments import files
from societies.agents.instruments.answers import Choice, FormAnswers, item_label
from societies.agents.instruments.design import Cell, Design, Form, Option, cells, form
from societies.agents.instruments.files import InstrumentFile
from societies.agents.instruments.instrument import InstrumentBase, Question
from societies.agents.models.base import Completion
from societies.agents.templates.prompts import Prompts
from societies.errors import InputError
from societies.loading.load import load

BIG_FIVE = {"openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"}


def words(text: str) -> int:
    return len(text.split())


def test_shipped_behaviours_cover_every_trait_with_distinct_options() -> None:
    items = files.shipped("everyday_choices").items
    assert Counter(item.trait for item in items) == dict.fromkeys(BIG_FIVE, 10)
    for item in items:
        assert len({*item.high, *item.low}) == 4
        assert item.question.endswith("?")
        assert item.paraphrased_question.endswith("?")
        assert item.situation != item.paraphrased_situation
        assert item.question != item.paraphrased_question


def test_length_gives_no_behaviour_away() -> None:
    items = files.shipped("everyday_choices").items
    for item in items:
        lengths = [words(option) for option in (*item.high, *item.low)]
        assert max(lengths) - min(lengths) <= 3, item.id
    for trait in BIG_FIVE:
        own = [item for item in items if item.trait == trait]
        high = sum(words(option) for item in own for option in item.high)
        low = sum(words(option) for item in own for option in item.low)
        assert abs(high - low) <= 0.5 * 20, trait


def test_no_action_names_a_trait() -> None:
    giveaways = re.compile(
        r"\b(anxious|calm|careful|careless|cold|conscientious|curious|extravert|imaginat\w+|introvert|"
        r"kind|kindly|lazy|moody|nervous|open-minded|orderly|outgoing|panic|polite|reliable|rude|shy|"
        r"sociable|talkative|tidy|warm|withdrawn)\b",
        re.IGNORECASE,
    )
    choices = files.shipped("everyday_choices").items
    options = [option for item in choices for option in (*item.high, *item.low)]
    deeds = [text for pair in files.shipped("words_and_deeds").items
             for text in (pair.situation, pair.like, pair.unlike)]  # fmt: skip
    assert [text for text in (*options, *deeds) if giveaways.search(text)] == []


def test_shipped_pairs_ask_each_statement_and_its_action() -> None:
    instrument = files.shipped("words_and_deeds")
    assert len(instrument.items) >= 30
    assert Counter(pair.trait for pair in instrument.items) == dict.fromkeys(BIG_FIVE, 7)
    said = {q.pair: q for q in instrument.questions() if q.kind == "rate"}
    done = {q.pair: q for q in instrument.questions() if q.kind == "act"}
    assert said.keys() == done.keys()
    for pair in instrument.items:
        assert pair.like != pair.unlike
        assert abs(words(pair.like) - words(pair.unlike)) <= 3, pair.id
        assert done[pair.id].second == pair.like
        assert done[pair.id].reversed == said[pair.id].reversed == pair.reversed
    reversed_share = sum(pair.reversed for pair in instrument.items) / len(instrument.items)
    assert 0.25 < reversed_share < 0.5


RATING = Question("q", "rate", "talkative", "extraversion", options=("no", "so so", "yes"))


def shown(**cell: str) -> list[tuple[str, str, int]]:
    defaults = {
        "template": "rate_number",
        "option_order": "forward",
        "scale_direction": "ascending",
        "label_style": "numbers",
        "repeat": 1,
    }
    options = form(RATING, Cell(**{**defaults, **cell})).options  # type: ignore[arg-type]
    return [(option.label, option.text, option.value) for option in options]


def test_option_order_and_scale_direction_are_crossed() -> None:
    assert shown() == [("1", "no", 1), ("2", "so so", 2), ("3", "yes", 3)]
    assert shown(option_order="reversed") == [("3", "yes", 3), ("2", "so so", 2), ("1", "no", 1)]
    assert shown(scale_direction="descending") == [
        ("3", "no", 1),
        ("2", "so so", 2),
        ("1", "yes", 3),
    ]
    assert shown(option_order="reversed", scale_direction="descending") == [
        ("1", "yes", 3),
        ("2", "so so", 2),
        ("3", "no", 1),
    ]
    assert shown(label_style="letters")[0] == ("A", "no", 1)
    assert shown(label_style="words")[2] == ("yes", "yes", 3)


def test_a_paraphrase_changes_the_question_and_nothing_else() -> None:
    question = files.shipped("everyday_choices").questions()[0]
    original = form(question, Cell("", "forward", "ascending", "own", 1))
    reworded = form(question, Cell("", "forward", "ascending", "own", 1, "paraphrase"))
    assert reworded.question.text == question.paraphrase != original.question.text
    assert reworded.options == original.options
    assert (reworded.question.id, reworded.question.trait) == (question.id, question.trait)
    with pytest.raises(ValueError, match="item 'q' has no paraphrase"):
        form(RATING, Cell("", "forward", "ascending", "own", 1, "paraphrase"))


def test_choices_swap_inside_each_pair() -> None:
    question = files.shipped("everyday_choices").questions()[0]
    orders = {}
    for order in ("forward", "reversed", "swapped", "swapped_reversed"):
        cell = Cell("situation_suggested", order, "ascending", "own", 1)  # type: ignore[arg-type]
        orders[order] = [option.value for option in form(question, cell).options]
    assert orders == {
        "forward": [1, 2, 3, 4],
        "reversed": [2, 1, 4, 3],
        "swapped": [3, 4, 1, 2],
        "swapped_reversed": [4, 3, 2, 1],
    }
    high_places = [
        {place for place, value in enumerate(orders[order]) if question.score(value)}
        for order in ("forward", "reversed")
    ]
    assert high_places == [{0, 2}, {1, 3}]


def test_reversed_actions_change_places_and_keep_their_meaning() -> None:
    question = files.shipped("words_and_deeds").questions()[-1]
    forward = form(question, Cell("", "forward", "ascending", "own", 1))
    turned = form(question, Cell("", "reversed", "ascending", "own", 1))
    assert (forward.first, forward.second) == (turned.second, turned.first)
    assert forward.options[0].text == turned.options[0].text == "entirely the first"
    assert (forward.options[0].value, turned.options[0].value) == (1, 7)


def test_grid_has_every_combination() -> None:
    design = Design(
        instrument="mini_markers",
        templates=["rate_options", "rate_number"],
        option_orders=["forward", "reversed"],
        scale_directions=["ascending", "descending"],
        label_styles=["letters", "numbers", "words"],
        repeats=2,
    )
    assert len(set(cells(design))) == len(cells(design)) == 48
    assert len({cell.name for cell in cells(design)}) == 48
    assert design.calls(files.shipped("mini_markers").questions()) == 48 * 40
    both = design.model_copy(update={"wordings": ["original", "paraphrase"]})
    assert len({cell.name for cell in cells(both)}) == 96


def read(text: str, options: tuple[Option, ...]) -> Choice:
    shown_form = Form(RATING, "rate_options", options, "letters")
    return Choice.read(text, {"form": shown_form})


FIVE = tuple(
    Option(label, text, value)
    for value, (label, text) in enumerate(
        zip("ABCDE", ["very inaccurate", "inaccurate", "neither", "accurate", "very accurate"],
            strict=True), start=1)
)  # fmt: skip


@given(
    st.sampled_from(["numbers", "letters", "words"]),
    st.sampled_from(["forward", "reversed"]),
    st.sampled_from(["ascending", "descending"]),
    st.integers(0, 8),
    st.sampled_from(["{}", "({})", "Answer: {}", "Thinking of myself, my answer is {}."]),
)
def test_every_label_is_read_back(
    labels: str, order: str, direction: str, place: int, words: str
) -> None:
    question = files.shipped("mini_markers").questions()[0]
    cell = Cell("rate_options", order, direction, labels, 1)  # type: ignore[arg-type]
    shown_form = form(question, cell)
    option = shown_form.options[place]
    answer = Choice.read(words.format(option.label), {"form": shown_form})
    assert answer.value == option.value


@given(
    st.lists(st.sampled_from(FIVE), min_size=2, max_size=9, unique=True),
    st.sampled_from(["{0.label}", "({0.label})", "{0.text}", "{0.label}. {0.text}", "- {0.text}"]),
    st.sampled_from(["\n", "\n\n", ", ", " or ", "; ", ". The answer is "]),
    st.sampled_from(["{}", "Answer: {}", "Options:\n{}", "{}\nMy answer is A."]),
)
def test_who_names_several_options_has_chosen_none(
    options: list[Option], each: str, between: str, whole: str
) -> None:
    reply = whole.format(between.join(each.format(option) for option in options))
    with pytest.raises(AnswerError, match="exactly one of the options A, B, C, D, E"):
        read(reply, FIVE)


@given(st.text(max_size=200))
def test_no_reply_breaks_the_reader(text: str) -> None:
    try:
        answer = read(text, FIVE)
    except AnswerError:
        return
    assert answer.refused or answer.value in range(1, 6)


def test_probabilities_are_normalised_over_label_tokens() -> None:
    completion = Completion("A", logprobs={"A": -1.0, " A": -2.0, "B": -1.5, "the": -0.1})
    shown_form = Form(RATING, "rate_options", FIVE, "letters")
    answer = Choice.take(completion, {"form": shown_form, "score_by": "logprobs"})
    assert answer.probabilities is not None
    assert sum(answer.probabilities) == pytest.approx(1)
    assert answer.probabilities[1] == pytest.approx(0.2231 / (0.3679 + 0.1353 + 0.2231), abs=1e-3)
    assert answer.value == 1


def test_whole_form_needs_every_item() -> None:
    forms = [Form(RATING, "whole_form", FIVE, "letters")] * 3
    situation = {"forms": forms}
    assert FormAnswers.read("(a) A\n(b) E\nc. C", situation).values == [1, 5, 3]
    with pytest.raises(AnswerError, match=r"there is no line for \(b\)"):
        FormAnswers.read("(a) A\n(c) C", situation)
    assert FormAnswers.read("I would rather not answer these.", situation).refused


def test_the_asked_form_of_a_questionnaire_is_a_slot_and_no_answer() -> None:
    shown_form = Form(RATING, "whole_form", FIVE, "letters")
    folder = Path(agents.__file__).parent / "prompts"
    text = Prompts([folder], {}).render(
        "whole_form",
        {"instruction": "", "forms": [shown_form], "labels": ["a"], "kinds": {"rate": shown_form}},
    )
    example = re.findall(r'"(.+?)"', text)[-1]
    assert example.startswith("(a) ")
    with pytest.raises(AnswerError, match="exactly one of the options"):
        FormAnswers.read(example, {"forms": [shown_form]})


def test_item_labels_cannot_be_taken_for_ratings() -> None:
    assert [item_label(place) for place in (0, 25, 26, 43)] == ["a", "z", "aa", "ar"]


def written(path: Path, name: str, content: str) -> InstrumentFile:
    (path / name).write_text(content)
    return InstrumentFile(file=name)


def test_plain_items_take_a_shipped_key(tmp_path: Path) -> None:
    source = written(tmp_path, "items.txt", "\n".join(f"item {n}" for n in range(1, 45)))
    data = files.read(source.model_copy(update={"key": "bfi_44"}), tmp_path)
    instrument = files.parse(data)
    assert [q.id for q in instrument.questions() if q.reversed][:3] == ["2", "6", "8"]
    assert instrument.scoring == "sum"
    assert instrument.instruction == files.AGREE
    short = written(tmp_path, "short.txt", "one\ntwo").model_copy(update={"key": "bfi_44"})
    with pytest.raises(SocietyError, match="key bfi_44 needs 44 items, and the file has 2"):
        files.read(short, tmp_path)


def test_portraits_are_compared_with_oneself_and_keep_what_they_combine_to(tmp_path: Path) -> None:
    source = written(tmp_path, "pvq.txt", "\n".join(f"portrait {n}" for n in range(1, 58)))
    instrument = files.parse(files.read(source.model_copy(update={"key": "pvq_rr"}), tmp_path))
    assert instrument.instruction.startswith("How much like you")
    assert instrument.scale[5] == "very much like me"
    assert (instrument.scoring, len(instrument.combined)) == ("centred", 7)
    own = {"key": "pvq_rr", "instruction": "Is this you?", "scale": ["no", "yes"]}
    asked = files.parse(files.read(source.model_copy(update=own), tmp_path))
    assert (asked.instruction, asked.scale) == ("Is this you?", ["no", "yes"])


def test_an_instrument_must_say_what_it_asks() -> None:
    with pytest.raises(TypeError, match=r"abstract method '?questions"):
        InstrumentBase(title="", source="", licence="")  # type: ignore[abstract]


def test_keyed_tables_bring_their_own_key(tmp_path: Path) -> None:
    source = written(
        tmp_path, "ipip.csv", "text,key,label\nI sing.,1,Extraversion\nI hide.,-1,Extraversion\n"
    )
    questions = files.parse(files.read(source, tmp_path)).questions()
    assert [(q.text, q.trait, q.reversed) for q in questions] == [
        ("I sing.", "extraversion", False),
        ("I hide.", "extraversion", True),
    ]
    bad = written(tmp_path, "bad.csv", "text,key\nI sing.,1\n")
    with pytest.raises(SocietyError, match="row 1 needs columns text, trait"):
        files.read(bad, tmp_path)


def trait_records(layout: str) -> list[dict[str, object]]:
    records = []
    for trait in ("Openness", "Psychopathy"):
        for number in range(6):
            record = {
                "idx": f"{trait}{number}",
                "personality": trait,
                "response_high1": "h1",
                "response_high2": "h2",
                "response_low1": "l1",
                "response_low2": "l2",
            }
            if layout == "github":
                record |= {"situation": "It rains.", "query": "What now?"}
                record |= {"paraphrased_situation": "Rain falls.", "paraphrased_query": "And now?"}
            else:
                record |= {"question": "It rains. What now?"}
            records.append(record)
    return records


@pytest.mark.parametrize("layout", ["github", "parquet"])
def test_trait_records_in_both_layouts(tmp_path: Path, layout: str) -> None:
    name = "trait.json" if layout == "github" else "trait.parquet"
    if layout == "github":
        (tmp_path / name).write_text(json.dumps(trait_records(layout)))
    else:
        pl.DataFrame(trait_records(layout)).write_parquet(tmp_path / name)
    whole = files.parse(files.read(InstrumentFile(file=name, key="trait"), tmp_path))
    assert whole.questions()[0].text == "It rains. What now?"
    assert whole.questions()[0].options == ("h1", "l1", "h2", "l2")
    reworded = "Rain falls. And now?" if layout == "github" else ""
    assert {question.paraphrase for question in whole.questions()} == {reworded}
    drawn = InstrumentFile(file=name, key="trait", sample=3, seed=5)
    ids = [item.id for item in files.parse(files.read(drawn, tmp_path)).items]
    assert len(ids) == 6
    excluded = drawn.model_copy(update={"exclude": ids[:1]})
    assert [item.id for item in files.parse(files.read(excluded, tmp_path)).items] == ids[1:]


def test_trait_records_are_checked(tmp_path: Path) -> None:
    records = trait_records("github")
    records[1]["personality"] = "Honesty"
    (tmp_path / "trait.json").write_text(json.dumps(records))
    with pytest.raises(SocietyError, match="record 1: 'Honesty' is none of the eight traits"):
        files.read(InstrumentFile(file="trait.json", key="trait"), tmp_path)


def test_own_instruments_are_held_by_the_run(tmp_path: Path) -> None:
    (tmp_path / "mfq.txt").write_text("\n".join(f"item {n}" for n in range(1, 33)))
    (tmp_path / "run.yaml").write_text(
        "scenario: interview\nmodel: {name: scripted/steady}\npopulation: {size: 2}\n"
        "instruments: {mfq: {file: mfq.txt, key: mfq_30}}\n"
        "protocol: {questionnaires: [{instrument: mfq}]}\n"
    )
    config, _ = load(tmp_path / "run.yaml")
    (tmp_path / "mfq.txt").unlink()
    again, _ = load(config.model_dump(mode="json"))
    assert again.instruments == config.instruments
    assert len(again.instruments["mfq"].questions()) == 32


@pytest.mark.parametrize(
    ("name", "content", "keys", "told"),
    [
        ("t.csv", "text,trait,key\nA,extraversion,2\n", {}, "row 1 needs columns text"),
        ("t.csv", "text,trait,key\nA,1,1\n", {}, "row 1 needs columns text"),
        ("t.csv", "text,trait,key\nA,extraversion,1\n", {"exclude": ["9"]}, "names item '9'"),
        ("t.csv", "text,trait,key\nA,extraversion,1\n", {"sample": 2}, "leave out sample"),
        ("t.csv", "text,trait,key\nA,x,1\n", {"scale": ["a", "A"]}, "the answer 'a' twice"),
        ("t.csv", "text,trait,key\nA,x,1\n", {"scale": ["", "b"]}, "or an empty one"),
        ("t.txt", "I.\n" * 60, {"key": "bfi_44"}, "needs 44 items, and the file has 60"),
        ("t.json", "[1, 2]", {}, "one list of objects"),
        ("t.yaml", "kind: rating", {"exclude": ["a"]}, "says everything itself: leave out exclude"),
    ],
)
def test_what_does_not_fit_a_questionnaire_is_told(
    tmp_path: Path, name: str, content: str, keys: dict[str, object], told: str
) -> None:
    source = written(tmp_path, name, content).model_copy(update=keys)
    with pytest.raises(SocietyError, match=told):
        files.read(source, tmp_path)


def test_a_table_may_leave_ids_out_and_sign_its_keys(tmp_path: Path) -> None:
    table = "id,text,trait,key\n,1, Extraversion ,+1\n,2,extraversion,-1\n"
    instrument = files.parse(files.read(written(tmp_path, "t.csv", table), tmp_path))
    first, second = instrument.questions()
    assert (first.id, first.text, first.trait, first.reversed) == ("1", "1", "extraversion", False)
    assert second.reversed


def test_reference_samples_belong_to_the_scale_they_were_asked_on(tmp_path: Path) -> None:
    source = written(tmp_path, "t.txt", "\n".join(f"I {n}." for n in range(20)))
    source = source.model_copy(update={"key": "mini_ipip"})
    assert files.parse(files.read(source, tmp_path)).references
    seven = source.model_copy(update={"scale": list("abcdefg")})
    assert not files.parse(files.read(seven, tmp_path)).references


@pytest.mark.parametrize(
    ("design", "told"),
    [
        ({"option_orders": ["forward", "forward"]}, "option_orders has an entry twice"),
        ({"reask": True, "batch": "form"}, "reask repeats single questions"),
    ],
)
def test_designs_that_ask_the_same_twice_are_refused(design: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Design.model_validate({"instrument": "mini_markers", **design})


def interview(*questionnaires: dict[str, object], **keys: object) -> dict[str, object]:
    data = {"scenario": "interview", "seed": 1, "model": {"name": "scripted/steady"}, **keys}
    return {**data, "population": {"size": 1}, "protocol": {"questionnaires": [*questionnaires]}}


def test_a_questionnaire_is_not_asked_again_under_another_number() -> None:
    bold = {"instrument": "mini_markers", "items": ["bold"]}
    load(interview(bold, {**bold, "items": ["shy"]}, {**bold, "context": "shared"}))
    with pytest.raises(
        InputError, match=r"asks mini_markers as protocol.questionnaires.0 does: set repeats"
    ):
        load(interview({"instrument": "mini_markers"}, bold))


def test_more_answers_than_letters_need_numbers(tmp_path: Path) -> None:
    written(tmp_path, "t.csv", "text,trait,key\nA,extraversion,1\n")
    own = {"file": str(tmp_path / "t.csv"), "scale": [f"{percent} %" for percent in range(101)]}
    with pytest.raises(InputError, match="101 answers are more than there are letters"):
        load(interview({"instrument": "own"}, instruments={"own": own}))
    load(interview({"instrument": "own", "label_styles": ["numbers"]}, instruments={"own": own}))


def test_wrong_names_are_told_with_the_nearest_right_one() -> None:
    data = {"scenario": "interview", "model": {"name": "scripted/steady"}}
    data |= {"population": {"size": 2}}
    design = {"instrument": "mini_marker", "templates": ["rate_option"], "items": ["bold"]}
    with pytest.raises(InputError, match="no such instrument; did you mean 'mini_markers'"):
        load({**data, "protocol": {"questionnaires": [design]}})
    design["instrument"] = "mini_markers"
    with pytest.raises(InputError, match="no template 'rate_option' fits; did you mean"):
        load({**data, "protocol": {"questionnaires": [design]}})
    reworded = {"instrument": "mini_markers", "wordings": ["paraphrase"]}
    with pytest.raises(InputError, match=r"40 items have no paraphrase \(the first is 'bashful'"):
        load({**data, "protocol": {"questionnaires": [reworded]}})
    open_probe = {"ask": ["How are you?"], "after": True, "wordings": ["paraphrase"]}
    with pytest.raises(InputError, match="open questions have no paraphrase"):
        load({**data, "probes": [open_probe], "protocol": {"twenty_statements": True}})
