"""One place where numba enters: a typed decorator that keeps its results on disk where it can.

>>> @compiled
... def double(x):
...     return 2.0 * x
>>> double(1.5)
3.0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled"]

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """Compile a numeric function on its first call.

    The compiled code is kept beside the module, or in the user's cache; where neither can be written it is
    compiled once per process. Division by zero gives infinity as in numpy. No fast-math: results do not depend
    on how loops are reordered.

    Raises
    ------
    Nothing on its own; errors of compilation appear at the first call.
    """
    try:
        return cast(_F, numba.njit(cache=True, error_model="numpy", nogil=True)(function))
    except RuntimeError:  # numba finds no folder that it may write to
        return cast(_F, numba.njit(error_model="numpy", nogil=True)(function))
