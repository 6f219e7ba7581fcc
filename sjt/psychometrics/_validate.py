"""Input checks that the numpy modules share: shapes, finite values, ranges; every fault at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sjt.errors import Fault, ShapeError

FloatArray: TypeAlias = npt.NDArray[np.float64]

MOST_FAULTS = 50
"""Faults listed in full; the message says how many more there are."""


def refuse(message: str, faults: Iterable[Fault]) -> None:
    """Raise ``ShapeError`` with the faults, if there are any."""
    listed = list(faults)
    if not listed:
        return
    more = len(listed) - MOST_FAULTS
    raise ShapeError(message + (f" {more} more faults are not listed." if more > 0 else ""), listed[:MOST_FAULTS])


def as_matrix(
    values: npt.ArrayLike,
    *,
    name: str,
    rows: str = "row",
    columns: str = "column",
    min_rows: int = 1,
    min_columns: int = 1,
    missing: bool = False,
) -> FloatArray:
    """Return a float matrix, or refuse it with every bad cell named.

    Parameters
    ----------
    values : array-like, shape (n, k)
    name : str
        What it is, for the message.
    rows, columns : str
        What a row and a column stand for, for the message.
    min_rows, min_columns : int
        Least size.
    missing : bool
        Allow NaN; infinity never is.

    Raises
    ------
    ShapeError
        Not a table of numbers, too small, or a cell that is not finite.
    """
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{name}: not a full table of numbers. Give every {rows} the same {columns}s.") from error
    if matrix.ndim != 2:
        raise ShapeError(f"{name}: {matrix.ndim} dimensions where a table has 2.")
    if matrix.shape[0] < min_rows or matrix.shape[1] < min_columns:
        size = f"{matrix.shape[0]} {rows}s × {matrix.shape[1]} {columns}s"
        raise ShapeError(f"{name}: {size}, needs at least {min_rows} × {min_columns}.")
    bad = ~np.isfinite(matrix) if not missing else np.isinf(matrix)
    refuse(
        f"{name} has cells that are not finite numbers.",
        (
            Fault("", f"{rows} {i + 1}", f"{columns} {j + 1}", f"{matrix[i, j]} is not finite.", "Give a number.")
            for i, j in np.argwhere(bad)
        ),
    )
    return matrix


def as_vector(values: npt.ArrayLike, *, name: str, least: int = 1, missing: bool = False) -> FloatArray:
    """Return a float vector of at least ``least`` values, or refuse it with every bad place named."""
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{name}: not a list of numbers.") from error
    if vector.ndim != 1:
        raise ShapeError(f"{name}: {vector.ndim} dimensions where a list has 1.")
    if vector.size < least:
        have = f"{vector.size} value{'s' * (vector.size != 1)}"
        raise ShapeError(f"{name}: {have}, at least {least} are needed. Add the others.")
    bad = ~np.isfinite(vector) if not missing else np.isinf(vector)
    refuse(
        f"{name} has values that are not finite numbers.",
        (Fault("", f"place {i + 1}", "", f"{vector[i]} is not finite.", "Give a number.") for i in np.flatnonzero(bad)),
    )
    return vector


def check_range(values: FloatArray, low: float | FloatArray, high: float | FloatArray, *, name: str) -> None:
    """Refuse values outside [low, high] (NaN passes), naming each place."""
    lows, highs = np.broadcast_to(low, values.shape), np.broadcast_to(high, values.shape)
    with np.errstate(invalid="ignore"):
        bad = (values < lows) | (values > highs)
    refuse(
        f"{name} has values outside its range.",
        (
            Fault(
                "",
                "place " + ", ".join(str(i + 1) for i in place),
                "",
                f"{values[tuple(place)]:g} is outside {lows[tuple(place)]:g} to {highs[tuple(place)]:g}.",
                "Correct the value or the range.",
            )
            for place in np.argwhere(bad)
        ),
    )
