"""The conformance kit: what every scenario must keep, as checks to use on your own.

>>> from societies.testing import check_scenario
>>> check_scenario("my_scenario/demo", sets={"population.size": 4})

A breach is an `AssertionError` that says where and what; advice is a `ConformanceAdvice` warning.
Nothing here needs pytest. Every check also stands alone, and takes a finished run.
"""

from societies.testing.advice import ConformanceAdvice
from societies.testing.golden import check_golden, golden
from societies.testing.malformed import MALFORMATIONS, check_malformed_answers
from societies.testing.models import slow_models, wrapped_models
from societies.testing.promises import check_conserved, check_dry_play, check_secrets
from societies.testing.reruns import (
    check_determinism,
    check_other_process,
    check_replay,
    check_resume,
    check_steps,
)
from societies.testing.rows import check_rows
from societies.testing.scenario import check_scenario

__all__ = [
    "MALFORMATIONS",
    "ConformanceAdvice",
    "check_conserved",
    "check_determinism",
    "check_dry_play",
    "check_golden",
    "check_malformed_answers",
    "check_other_process",
    "check_replay",
    "check_resume",
    "check_rows",
    "check_scenario",
    "check_secrets",
    "check_steps",
    "golden",
    "slow_models",
    "wrapped_models",
]
