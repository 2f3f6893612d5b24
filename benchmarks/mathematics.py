"""Which pairs of mathematical answers our comparison and `math-verify` call equal.

`pip install math-verify[antlr4_13_2]` adds its columns; it is no dependency of the project.
"""

import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from typing import NamedTuple

from societies.agents.answers.mathematics import same_mathematics

BETWEEN = "  ~  "
EQUAL = r"""
\dfrac12  ~  0.5
3 \text{ cm}  ~  3
90^\circ  ~  90
\left( 1, \frac{1}{2} \right)  ~  (1,0.5)
(x+1)^2  ~  x^2+2x+1
\sqrt{8}  ~  2\sqrt2
\frac{\sqrt3}{3}  ~  1/\sqrt{3}
x = 7  ~  7
\text{Yes}  ~  yes
2\sin x\cos x  ~  \sin(2x)
0  ~  -0
+3  ~  3
04  ~  4
4.0  ~  4
5\frac{1}{2}  ~  \frac{11}{2}
5 1/2  ~  5.5
(5 1/2, 3)  ~  (11/2,3)
-\frac{1}{2}  ~  \frac{-1}{2}
\{1, 2\}  ~  \{2,1\}
1, 2  ~  2,1
[0, 100]  ~  [0,100]
\$5  ~  5 dollars
5 feet  ~  5 foot
5^\circ  ~  5 degrees
x \le 3  ~  3 \ge x
x>3  ~  3<x
0<x<1  ~  1>x>0
\frac{x^2-1}{x-1}  ~  x+1
12 apples  ~  12 \text{ apples}
\text{BCA}  ~  bca
2xy  ~  2yx
5 minutes  ~  5 minutes
5 \text{ cm}^2  ~  5 square centimeters
1,200  ~  1200
Tuesday  ~  \text{tuesday}
\sqrt[3]{-8}*y  ~  -2y
a^2-b^2  ~  (a-b)(a+b)
x^3-1  ~  (x-1)(x^2+x+1)
\frac{1}{1+\sqrt2}  ~  \sqrt2-1
\sqrt{12}+\sqrt{27}  ~  5\sqrt3
3\cdot 2^{n}  ~  2^n\cdot 3
\{1,\frac12\}  ~  \{0.5,1\}
\{-2, 3\}  ~  \{3,-2\}
y=2x+1  ~  y = 1+2x
2x+1=y  ~  y=2x+1
x\geq 2  ~  2\leq x
(-\infty,3)  ~  (-\infty, 3)
(-\infty,3)\cup(5,\infty)  ~  (5,\infty)\cup(-\infty,3)
[2,\infty)  ~  [2, +\infty)
\begin{pmatrix}1\\2\end{pmatrix}  ~  \begin{pmatrix} 1 \\ 2 \end{pmatrix}
e^{x+y}  ~  e^x e^y
\frac{3\pi}{4}  ~  0.75\pi
\sin^2 x  ~  (\sin x)^2
x\in(0,1)  ~  (0,1)
\frac{x}{2}  ~  0.5x
-x+3  ~  3-x
x_1+x_2  ~  x_2+x_1
2+3i  ~  3i+2
10^{-3}  ~  0.001
(x-1)(x+2)  ~  (x+2)(x-1)
\pm 2  ~  \pm2
x=1, x=2  ~  x=2, x=1
1:2  ~  1:2
|x|  ~  \lvert x\rvert
"""
DIFFERENT = r"""
2+2  ~  4
\frac{2}{4}  ~  \frac{1}{2}
\frac{2}{4}  ~  0.5
(1,2)  ~  [1,2)
[0,100]  ~  (0,100)
(1,200)  ~  1200
(1,2)  ~  (1,2,3)
(1,2)  ~  (2,1)
1,2  ~  (1,2)
\{1,2\}  ~  (1,2)
\{1,2\}  ~  \{1,3\}
\{1,2\}  ~  \{1,2,3\}
BCA  ~  ABC
east  ~  seat
no  ~  on
\text{no } x  ~  \text{on } x
5 no  ~  5 on
to day  ~  today
5 minutes  ~  5 hours
5 cm  ~  5 cm^2
5 10  ~  50
5 10  ~  510
x=7  ~  y=7
1011_2  ~  1011
5 1/2  ~  51/2
5 1/2  ~  25.5
5\frac{1}{2}  ~  25.5
0.333333  ~  1/3
6.2831853071  ~  2\pi
x^2  ~  x
4.0001  ~  4
50%  ~  0.5
x>3  ~  x<3
x>3  ~  x\ge 3
0<x<1  ~  0<x\le1
x \le 3  ~  x \ge 3
\frac{1}{2}\frac{1}{3}  ~  1/63
(a+b)^2  ~  a^2+b^2
\sqrt{x^2+1}  ~  x+1
\sin(x+y)  ~  \sin x+\sin y
2^{x}  ~  x^2
\{1,1\}  ~  \{1,2\}
a<b  ~  b<a
\text{May 5}  ~  \text{May 6}
(1,2),(3,4)  ~  (1,2),(4,3)
(-\infty,3)  ~  (-\infty,3]
x\in(0,1)  ~  x\in[0,1]
\sqrt[3]{x}  ~  \sqrt{x}
0.1  ~  \frac{1}{9}
3  ~  -3
3:2  ~  2:3
log x  ~  log y
1e3  ~  1
"""
"""By the rules of the debate's README: an unreduced fraction and an unfinished sum are wrong."""
ENDLESS = r"""
9^{9^{9^{9}}}  ~  9^{9^{9^{8}}}
99999999!  ~  99999998!
10^{10^{10}}  ~  10^{10^{11}}
(a+b+c+d)^{30}(e+f+g)^{30}  ~  (a+b+c+d)^{30}(e+f+g)^{29}
((((((((((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))))))))))  ~  y
"""
LONGEST = 5
"""Seconds that `math-verify` is given for each of its steps."""


class Compared(NamedTuple):
    """What one comparison said, and how many seconds it took."""

    same: bool
    seconds: float


def pairs(text: str) -> list[tuple[str, str]]:
    """Return the pairs of a table."""
    rows = (line.split(BETWEEN) for line in text.strip().splitlines())
    return [(one, other) for one, other in rows]


def by_math_verify(one: str, other: str) -> bool:
    """Return what `math-verify` says of two boxed answers, the second as the right one."""
    library = import_module("math_verify")
    given, right = (
        library.parse(f"\\boxed{{{text}}}", parsing_timeout=LONGEST) for text in (one, other)
    )
    return bool(given and right and library.verify(right, given, timeout_seconds=LONGEST))


def compare(same: Callable[[str, str], bool], rows: list[tuple[str, str]]) -> list[Compared]:
    """Return what a comparison says of each pair."""
    found = []
    for one, other in rows:
        begun = time.perf_counter()
        found.append(Compared(same(one, other), time.perf_counter() - begun))
    return found


def main() -> None:
    """Print how many pairs each gets right, where they are wrong, and how long they take."""
    ways: dict[str, Callable[[str, str], bool]] = {"ours": same_mathematics}
    if find_spec("math_verify"):
        ways["math-verify"] = by_math_verify
    equal, different, endless = pairs(EQUAL), pairs(DIFFERENT), pairs(ENDLESS)
    print(f"{len(equal)} equal pairs, {len(different)} different ones")
    for name, same in ways.items():
        of_equal, of_different = compare(same, equal), compare(same, different)
        missed = [row for row, said in zip(equal, of_equal, strict=True) if not said.same]
        taken = [row for row, said in zip(different, of_different, strict=True) if said.same]
        typical = median(said.seconds for said in of_equal + of_different)
        slowest = max(said.seconds for said in compare(same, endless))
        print(f"{name}: {len(missed)} missed, {len(taken)} wrongly equal", end="; ")
        print(f"{1000 * typical:.1f} ms a pair, {slowest:.3f} s for the slowest of {len(endless)}")
        for word, rows in (("missed", missed), ("wrongly equal", taken)):
            for one, other in rows:
                print(f"    {word}: {one}{BETWEEN}{other}")


if __name__ == "__main__":
    main()
