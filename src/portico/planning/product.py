"""The one interface between optimiser and matrix: dose of rows, gradient of weights, and ``A^T D A``.

>>> import numpy as np, scipy.sparse as sp
>>> product = CpuProduct(sp.csr_array(np.array([[1.0, 0.0], [0.5, 2.0]], dtype=np.float32)))
>>> product.forward(np.array([2.0, 1.0])).tolist()
[2.0, 3.0]
>>> product.back(np.array([1.0, 1.0])).tolist()
[1.5, 2.0]

Another back end (a GPU) has to answer these five calls and nothing else. Sums are in float64; only
:meth:`Product.gram` is float32, since it steers the step and never enters a result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import ssyrk
from scipy.sparse import csr_array

from portico.errors import InputRefused
from portico.planning.compiled import add_back, add_squares, fill_scaled, forward_rows, largest_in_columns

__all__ = ["CpuProduct", "Floats", "Ints", "Product"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Rows that are held dense at a time while ``A^T D A`` is summed: 2048 rows of 3000 bixels are 24 MB.
_GRAM_ROWS: Final = 2048


class Product(Protocol):
    """A dose-influence matrix A of shape (rows, bixels) in Gy per unit weight, seen through its products.

    ``rows`` are row numbers; None means all. Arrays by row have one value for each of them, in that order.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and bixels."""

    def forward(self, weights: Floats, rows: Ints | None = None) -> Floats:
        """Dose of the rows in Gy for bixel weights."""

    def back(self, by_row: Floats, rows: Ints | None = None) -> Floats:
        """Sum of the rows, each times its factor: shape (bixels,)."""

    def squares(self, by_row: Floats, rows: Ints | None = None) -> Floats:
        """Diagonal of ``A^T D A`` with D the factors: shape (bixels,)."""

    def gram(self, by_row: Floats, rows: Ints, columns: Ints | None = None) -> NDArray[np.float32]:
        """``A^T D A`` with D the factors (0 or more) for some columns, float32; only the lower triangle is meant."""

    def largest(self) -> Floats:
        """Largest entry of each column in Gy per unit weight."""


class CpuProduct:
    """Products on the processor: kernels of numba in threads, BLAS for ``A^T D A``.

    Parameters
    ----------
    matrix : compressed rows, float32, in Gy per unit weight; not copied
    threads : how many share the rows, 1 or more

    Raises
    ------
    InputRefused : ``matrix-not-finite``, ``matrix-negative`` or ``matrix-empty``
    """

    def __init__(self, matrix: csr_array, *, threads: int = 2) -> None:
        values = np.asarray(matrix.data, dtype=np.float32)
        if not matrix.shape[0] or not matrix.shape[1]:
            raise InputRefused("A dose-influence matrix has rows and bixels.", code="matrix-empty")
        if not np.isfinite(values).all():
            raise InputRefused("An entry of the dose-influence matrix is no number.", code="matrix-not-finite")
        if len(values) and float(values.min()) < 0.0:
            raise InputRefused("An entry of the dose-influence matrix is negative.", code="matrix-negative")
        self._values, self._columns = values, np.asarray(matrix.indices)
        self._starts = np.asarray(matrix.indptr, dtype=np.int64)
        self._shape = (int(matrix.shape[0]), int(matrix.shape[1]))
        self._all = np.arange(self._shape[0], dtype=np.int64)
        self._pool = ThreadPoolExecutor(threads)
        self._threads = threads

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and bixels."""
        return self._shape

    def forward(self, weights: Floats, rows: Ints | None = None) -> Floats:
        """Dose of the rows in Gy."""
        rows = self._all if rows is None else rows
        out = np.empty(len(rows))
        self._share(rows, None, lambda a, b, _: forward_rows(*self._arrays, rows, weights, a, b, out))
        return out

    def back(self, by_row: Floats, rows: Ints | None = None) -> Floats:
        """Sum of the rows, each times its factor."""
        return self._sum(add_back, by_row, self._all if rows is None else rows)

    def squares(self, by_row: Floats, rows: Ints | None = None) -> Floats:
        """Diagonal of ``A^T D A``."""
        return self._sum(add_squares, by_row, self._all if rows is None else rows)

    def gram(self, by_row: Floats, rows: Ints, columns: Ints | None = None) -> NDArray[np.float32]:
        """``A^T D A``, lower triangle, summed over dense blocks of rows."""
        columns = np.arange(self._shape[1], dtype=np.int64) if columns is None else columns
        bixels = len(columns)
        scales = np.sqrt(by_row).astype(np.float32)
        place = np.full(self._shape[1], -1, dtype=np.int64)
        place[columns] = np.arange(bixels)
        total = np.zeros((bixels, bixels), dtype=np.float32, order="F")
        if not bixels:
            return total
        block = np.empty((min(_GRAM_ROWS, len(rows)), bixels), dtype=np.float32)
        for start in range(0, len(rows), _GRAM_ROWS):
            some, scale = rows[start : start + _GRAM_ROWS], scales[start : start + _GRAM_ROWS]
            self._fill(some, scale, place, block)
            total = ssyrk(1.0, block[: len(some)].T, beta=1.0, c=total, lower=1, overwrite_c=1)
        return total

    def _fill(self, rows: Ints, scales: NDArray[np.float32], place: Ints, block: NDArray[np.float32]) -> None:
        self._share(rows, None, lambda a, b, _: fill_scaled(*self._arrays, rows, scales, place, a, b, block))

    def largest(self) -> Floats:
        """Largest entry of each column."""
        out = np.zeros(self._shape[1])
        largest_in_columns(self._values, self._columns, out)
        return out

    @property
    def _arrays(self) -> tuple[NDArray[np.float32], NDArray[np.signedinteger], Ints]:
        return self._values, self._columns, self._starts

    def _sum(self, kernel: Callable[..., None], by_row: Floats, rows: Ints) -> Floats:
        outs = np.zeros((self._threads, self._shape[1]))
        self._share(rows, by_row, lambda a, b, k: kernel(*self._arrays, rows, by_row, a, b, outs[k]))
        return np.asarray(outs.sum(axis=0))

    def _share(self, rows: Ints, by_row: Floats | None, work: Callable[[int, int, int], None]) -> None:
        """Cut the rows into parts of equal numbers of entries, one for each thread; always cut the same way."""
        if not len(rows):
            return
        entries = self._starts[rows + 1] - self._starts[rows]
        if by_row is not None:
            entries = np.where(by_row != 0.0, entries, 0)
        filled = np.cumsum(entries)
        cuts = np.searchsorted(filled, np.linspace(0, filled[-1], self._threads + 1)[1:-1], side="right")
        edges = [0, *(int(cut) for cut in cuts), len(rows)]
        parts = [(a, b, k) for k, (a, b) in enumerate(pairwise(edges)) if b > a]
        for done in [self._pool.submit(work, *part) for part in parts]:
            done.result()
