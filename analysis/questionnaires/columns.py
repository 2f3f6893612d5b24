"""What columns mean that stand in several tables of questionnaires."""

from societies.analysis.measures import Column

WIDTHS = "scale widths"
WHOM = {
    "group": Column("population group"),
    "instrument": Column("instrument"),
    "kind": Column("kind of item: rate (statements), act (situations), choose (options), open"),
    "trait": Column("trait"),
    "probe": Column("probe that asked; empty in an interview"),
    "moment": Column("moment of the run at which the probe asked"),
    "context": Column("fresh: of the persona alone; shared: of what the agent remembers, too"),
}
"""Of whom and what a score or an answer is."""
COMPARED = {
    "d": Column("Cohen's d: the difference over the root of the mean of both variances"),
    "d_low": Column("lower end of the 95 % interval of d"),
    "d_high": Column("upper end of the 95 % interval of d"),
    "t": Column("t of the paired test"),
    "t_p": Column("p of the paired t test"),
    "wilcoxon_p": Column("p of Wilcoxon's signed-rank test"),
    "holm_p": Column("p of the t test after Holm's correction"),
}
"""Of two paired samples, see `paired.Comparison`."""
PARTED = {
    "agents": Column("agents"),
    "values": Column("values that are compared, of at least three agents each"),
    "lowest": Column("value whose agents have the lowest mean"),
    "highest": Column("value whose agents have the highest mean"),
    "lowest_mean": Column("lowest mean score", "item mean"),
    "highest_mean": Column("highest mean score", "item mean"),
    "d": Column("Cohen's d between the agents of the lowest and the highest value"),
    "chance": Column("mean d of values that are dealt to the agents at random"),
    "f": Column("F of the analysis of variance over all values"),
    "p": Column("p of the analysis of variance"),
    "corrected_p": Column("p after correction"),
}
"""Of independent samples, see `permeability.Contrast`."""
