"""Plots of cooperation: what they show, and runs at the edges."""

import pytest
from matplotlib.image import imread
from matplotlib.text import Text

import societies
from societies.analysis import replication
from societies.analysis.figures import blank, footer, plain
from societies.analysis.panels import captions, save_panels
from societies.errors import InputError
from societies.runs.results import plot
from societies.runs.runs import Runs
from societies.scenarios.donor_game import figures as plots
from societies.scenarios.donor_game import measures

PUNISHERS = [
    {
        "name": "punishers",
        "share": 3,
        "model": {"name": "scripted/image_scorer", "options": {"punish": 0.2}},
    },
    {"name": "misers", "share": 3, "model": {"name": "scripted/defector"}},
]
SMALL = {"population.size": 6, "protocol.survivors": 3, "protocol.generations": 3}
NAMES = ["$a^b_$", "x" * 40, "\N{CJK UNIFIED IDEOGRAPH-4E2D}\u0007", "{\\frac}"]


def play(out, **sets):
    values = {key.replace("__", "."): value for key, value in sets.items()}
    return societies.run("donor_game/demo", out=out, sets={**SMALL, **values})


def test_every_measure_has_its_plot(tmp_path):
    run = play(tmp_path, population__groups=PUNISHERS, protocol__costly_punishment=True)
    files = plot(run, tmp_path / "figures")
    assert {file.stem for file in files} == {
        "overview",
        "resources",
        "donations",
        "selection",
        "inequality",
        "lineage",
        "punishment",
    }
    for file in files:
        height, width = imread(file).shape[:2]
        assert width > 900
        assert height > 500


def test_a_protocol_without_punishment_has_no_plot_of_it(tmp_path):
    files = plot(play(tmp_path, protocol__generations=1), tmp_path / "figures")
    assert "punishment.png" not in [file.name for file in files]


@pytest.mark.parametrize(
    "sets",
    [
        {"model__name": "scripted/defector", "population__groups": []},
        {
            "model__name": "scripted/defector",
            "population__groups": [],
            "protocol__endowment": 0,
            "protocol__costly_punishment": True,
        },
        {
            "model__name": "scripted/constant",
            "model__options": {"fraction": 1},
            "population__groups": [],
            "protocol__games": 1,
        },
        {"protocol__survivors": 0},
        {"protocol__survivors": 6},
    ],
    ids=["nobody gives", "nobody owns", "half own nothing", "nobody survives", "all survive"],
)
def test_runs_at_the_edges_are_drawn(tmp_path, sets):
    """Warnings are errors here."""
    drawn = plots.PANELS[0].save(play(tmp_path, **sets), tmp_path)
    assert imread(drawn).std() > 0.05


def test_names_are_drawn_as_they_are(tmp_path):
    run = play(
        tmp_path,
        population__size=2,
        population__groups=[],
        protocol__survivors=1,
        protocol__names=NAMES,
    )
    figure = plots.draw_lineage.figure(run)
    figure.canvas.draw()
    drawn = {text.get_text(): text for text in figure.findobj(Text)}
    for name in ("$a^b_$", f"{'x' * 13}…", "□□", "{\\frac}"):
        assert not drawn[name].get_parse_math()
    assert plain("Zoë") == "Zoë"


def test_the_plots_show_the_measures(tmp_path):
    run = play(tmp_path)
    axes = blank(4, 3, "").subplots()
    plots.draw_selection(axes, run)
    bars = [bar.get_height() for bar in axes.patches]
    assert bars == measures.summary(run)["generosity_selection"].drop_nulls().to_list()
    assert [text.get_text() for text in axes.texts].count("n/a") == 1, "the last generation"
    assert axes.get_ylabel() == "survivors' lead in giving (of the mean)"

    axes = blank(4, 3, "").subplots()
    plots.draw_resources(axes, run)
    means = next(line for line in axes.lines if line.get_label() == "mean")
    assert list(means.get_ydata()) == measures.summary(run)["resources"].to_list()


def test_agents_are_numbered_where_their_names_would_not_be_legible(tmp_path):
    run = play(tmp_path)
    agents = list(dict.fromkeys(measures.lineage(run)["agent"]))
    numbers = [str(number) for number in range(1, len(agents) + 1)]
    for height, labels in ((1.5, numbers), (4, agents)):
        axes = blank(4, height, "").subplots()
        plots.draw_donations(axes, run)
        assert [label.get_text() for label in axes.get_yticklabels()] == labels


def test_groups_and_minds_are_told_apart_wherever_agents_are_drawn(tmp_path):
    run = play(tmp_path, population__groups=PUNISHERS)
    for draw in (plots.draw_resources, plots.draw_donations, plots.draw_lineage):
        axes = blank(6, 4, "").subplots()
        draw(axes, run)
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert names[:2] == ["misers", "punishers"]
    alike = play(tmp_path / "alike", population__groups=[])
    axes = blank(6, 4, "").subplots()
    plots.draw_lineage(axes, alike)
    assert len(axes.get_legend().get_texts()) == 2


def test_colours_span_the_range_of_what_was_given(tmp_path):
    sets = {"model__name": "scripted/constant", "model__options": {"fraction": 0.33}}
    run = play(tmp_path, population__groups=[], **sets)
    axes = blank(6, 4, "").subplots()
    plots.draw_donations(axes, run)
    (bar,) = axes.child_axes
    assert bar.get_ylim() == pytest.approx((0.3, 0.35))


def test_names_stand_beside_all_agents_or_none(tmp_path):
    run = play(tmp_path, population__groups=[])
    names = set(measures.lineage(run)["agent"])
    for size, drawn in (((9, 6), names), ((9, 1), set()), ((0.6, 6), set())):
        axes = blank(*size, "").subplots()
        plots.draw_lineage(axes, run)
        assert {text.get_text() for text in axes.texts} == drawn


def test_inequality_of_several_runs_has_an_interval_over_them(tmp_path):
    runs = [
        societies.run("donor_game/demo", out=tmp_path, seed=seed, sets=SMALL) for seed in (1, 2, 3)
    ]
    one, several = (blank(4, 3, "").subplots() for _ in range(2))
    plots.draw_gini(one, runs[0])
    assert [text.get_text() for text in one.texts] == ["one run defines no interval"]
    plots.draw_gini(several, runs)
    table = replication.across_runs(runs, measures.gini, "gini", by="generation")
    assert list(several.lines[0].get_ydata()) == table["mean"].to_list()
    band = several.collections[0].get_paths()[0].vertices[:, 1]
    known = table.drop_nulls("low")
    assert {*known["low"], *known["high"]} <= set(band.tolist())


def test_captions_stand_beside_the_pictures(tmp_path):
    run = play(tmp_path, protocol__generations=1)
    save_panels([plots.draw_selection, plots.draw_punishment], run, tmp_path / "figures")
    told = (tmp_path / "figures" / "captions.md").read_text(encoding="utf-8")
    assert run.name in told.splitlines()[0]
    assert "## selection.png: Selection for generosity\n\nHow much more" in told
    assert "punishment" not in told, "no such picture is drawn"
    page = "".join(captions([plots.PANELS[0], plots.draw_selection], run))
    assert "- Lorenz curves: Part of all" in page, "a panel that only the page has"
    assert "- Selection for generosity" not in page


def test_the_footer_tells_how_answers_came_about(tmp_path):
    sets = {**SMALL, "model.options": {"malformed": 0.3}, "population.groups": []}
    run = societies.run("donor_game/demo", out=tmp_path, sets=sets)
    table = run.table("answers").collect()["outcome"]
    shares = {name: (table == name).mean() for name in ("lenient", "repaired", "defaulted")}
    invalid = shares["repaired"] + shares["defaulted"]
    assert invalid > 0
    assert footer(Runs(run)) == (
        f"run {run.name} · {table.len():,} answers: {shares['lenient']:.1%} lenient, "
        f"{invalid:.1%} invalid, {shares['repaired']:.1%} repaired, "
        f"{shares['defaulted']:.1%} defaulted"
    )


def test_the_footer_of_several_runs_says_of_how_many_conditions_they_are(tmp_path):
    runs = [play(tmp_path / f"{by}", protocol__multiplier=by) for by in (2, 3)]
    assert footer(Runs(runs)).startswith("2 runs of 2 conditions (multiplier) · ")


def test_the_pictures_are_of_one_run(tmp_path):
    runs = [play(tmp_path / name) for name in "ab"]
    with pytest.raises(InputError, match="this is about one run, and 2 are given"):
        plots.draw_resources(blank(4, 3, "").subplots(), runs)


@pytest.mark.parametrize(
    ("means", "values", "scale"),
    [
        ([10, 12], [9, 13], "linear"),
        ([10, 1000], [5, 2000], "log"),
        ([10, 1000], [0, 2000], "symlog"),
        ([0, 1000], [0, 2000], "symlog"),
        ([0, 0], [0, 0], "linear"),
    ],
)
def test_a_wide_range_is_drawn_on_a_logarithmic_scale(means, values, scale):
    axes = blank(4, 3, "").subplots()
    plots._scale(axes, means, values)
    assert axes.get_yscale() == scale
