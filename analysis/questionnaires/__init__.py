"""What questionnaires say: import a module, and use what it holds.

`consistency` (answers, scores, reliability), `choices`, `personas` (whether they were taken on),
`change`, `occasions` and `probed` (over time), `inertia`, `permeability` (what moves answers),
`knowledge` (words and deeds), `portraits`, and `figures` (pictures of them).
"""
