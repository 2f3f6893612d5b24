"""Correlated trait scores with given means, standard deviations and correlations, on a scale.

Every score is a normal variable truncated to the scale; its parameters are solved so that the mean
and standard deviation after truncation are the asked ones, and the correlations of the underlying
normals so that the scores correlate as asked (a normal copula: Cario & Nelson 1997).
"""

from math import exp, inf, log, pi, sqrt
from random import Random
from statistics import NormalDist
from typing import TYPE_CHECKING

from societies.agents.errors import SocietyError
from societies.agents.persona.persona import Trait
from societies.agents.population.spec import Traits

if TYPE_CHECKING:
    import numpy as np

NORMAL = NormalDist()
NODES = 24
"""Points of the quadrature, per variable."""


class TraitSampler:
    """Draws the scores of one person at a time.

    Raises:
        SocietyError: no truncated normal has an asked standard deviation, or the correlations
            contradict each other; the text names which.
    """

    def __init__(self, spec: Traits) -> None:
        self.names: list[Trait] = list(spec.means)
        self._low, self._high = spec.scale
        self._marginals = [
            _fit(name, spec.means[name], spec.sds[name], self._low, self._high)
            for name in self.names
        ]
        self._factor = self._factorise(spec)

    def draw(self, random: Random) -> dict[Trait, float]:
        """Return one person's scores; every trait consumes one normal draw."""
        normals = [random.gauss(0, 1) for _ in self.names]
        scores: dict[Trait, float] = {}
        for name, row, marginal in zip(self.names, self._factor, self._marginals, strict=True):
            latent = sum(weight * normal for weight, normal in zip(row, normals, strict=False))
            scores[name] = round(self._score(latent, *marginal), 3)
        return scores

    def _score(self, latent: float, mu: float, sigma: float) -> float:
        """Map a standard normal draw onto the truncated normal."""
        low, high = NORMAL.cdf((self._low - mu) / sigma), NORMAL.cdf((self._high - mu) / sigma)
        share = low + NORMAL.cdf(latent) * (high - low)
        share = min(max(share, 1e-15), 1 - 1e-15)
        return min(max(mu + sigma * NORMAL.inv_cdf(share), self._low), self._high)

    def _scores(self, latent: "np.ndarray", place: int) -> "np.ndarray":
        """Map standard normal draws onto a truncated normal, as `_score` does one."""
        from scipy.special import ndtr, ndtri

        mu, sigma = self._marginals[place]
        low, high = ndtr((self._low - mu) / sigma), ndtr((self._high - mu) / sigma)
        share = (low + ndtr(latent) * (high - low)).clip(1e-15, 1 - 1e-15)
        scores: np.ndarray = (mu + sigma * ndtri(share)).clip(self._low, self._high)
        return scores

    def _factorise(self, spec: Traits) -> list[list[float]]:
        """Return the lower triangular factor of the latent correlations."""
        import numpy as np

        asked, latent = np.eye(len(self.names)), np.eye(len(self.names))
        for pair, correlation in spec.correlations.items():
            i, j = (self.names.index(name) for name in pair.split())  # type: ignore[arg-type]
            asked[i, j] = asked[j, i] = correlation
            latent[i, j] = latent[j, i] = self._latent(pair, i, j, correlation)
        for matrix in (asked, latent):
            smallest = float(np.linalg.eigvalsh(matrix)[0])
            if smallest < 1e-9:
                raise SocietyError(
                    "the correlations contradict each other: no scores correlate like "
                    f"this (smallest eigenvalue {smallest:.3f}); bring "
                    f"{' and '.join(_strongest(spec))} closer to 0"
                )
        return [list(map(float, row)) for row in np.linalg.cholesky(latent)]

    def _latent(self, pair: str, i: int, j: int, asked: float) -> float:
        """Return the correlation of the normals whose truncated scores correlate as asked."""
        from scipy.optimize import brentq

        def excess(rho: float) -> float:
            return self._correlation(i, j, rho) - asked

        if excess(-0.999) > 0 or excess(0.999) < 0:
            raise SocietyError(f"scores with these margins cannot correlate by {asked:g} ({pair})")
        return float(brentq(excess, -0.999, 0.999, xtol=1e-4))

    def _correlation(self, i: int, j: int, rho: float) -> float:
        """Return the correlation of two scores whose normals correlate by rho, by quadrature."""
        import numpy as np

        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / weights.sum()
        mixed = rho * nodes[:, None] + sqrt(1 - rho**2) * nodes[None, :]
        first, other = self._scores(nodes, i), self._scores(nodes, j)
        second = self._scores(mixed, j)
        joint = float(weights @ (first[:, None] * second) @ weights)
        return (joint - _mean(first, weights) * _mean(other, weights)) / (
            _sd(first, weights) * _sd(other, weights)
        )


def truncated_moments(mu: float, sigma: float, low: float, high: float) -> tuple[float, float]:
    """Return mean and standard deviation of a normal variable truncated to [low, high]."""
    a, b = (low - mu) / sigma, (high - mu) / sigma
    mass = max(NORMAL.cdf(b) - NORMAL.cdf(a), 1e-300)
    at_a, at_b = (exp(-x * x / 2) / sqrt(2 * pi) for x in (a, b))
    shift = (at_a - at_b) / mass
    variance = 1 + (a * at_a - b * at_b) / mass - shift**2
    return mu + sigma * shift, sigma * sqrt(max(variance, 0.0))


def _fit(name: str, mean: float, sd: float, low: float, high: float) -> tuple[float, float]:
    """Return the parameters of the truncated normal that has this mean and standard deviation."""
    from scipy.optimize import root

    def miss(parameters: "np.ndarray") -> list[float]:
        mu, sigma = float(parameters[0]), exp(min(float(parameters[1]), 5.0))
        found = truncated_moments(mu, sigma, low, high)
        return [found[0] - mean, found[1] - sd]

    try:
        solution = root(miss, [mean, log(sd)])
        mu, sigma = float(solution.x[0]), exp(float(solution.x[1]))
        missed = max(map(abs, miss(solution.x)))
    except OverflowError:  # the search ran away from the scale: nothing on it is near
        missed = inf
    if missed > 1e-6:
        raise SocietyError(
            f"{name} cannot have mean {mean:g} and standard deviation {sd:g} on a scale from "
            f"{low:g} to {high:g}; ask for a smaller standard deviation"
        )
    return mu, sigma


def _strongest(spec: Traits) -> list[str]:
    ranked = sorted(spec.correlations, key=lambda pair: -abs(spec.correlations[pair]))
    return [repr(pair) for pair in ranked[:2]]


def _mean(values: "np.ndarray", weights: "np.ndarray") -> float:
    return float(weights @ values)


def _sd(values: "np.ndarray", weights: "np.ndarray") -> float:
    return sqrt(float(weights @ values**2) - _mean(values, weights) ** 2)
