"""Times of layers that were not measured, by regression on those that were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeopt.problems.errors import FloatArray, InputError
from edgeopt.problems.networks.layers import Layer

_FEW = 4  # measured layers that differ, at least, to estimate others

_OWN = 6  # measured layers of a kind that differ, at least, for a line of its own

_FOLDS = 5

_SMALL = 0.05  # of the mean time: errors of shorter layers count as those of such


class Estimate(NamedTuple):
    """Estimated values.

    Attributes
    ----------
    values : ndarray, shape (n,)
        For every layer, measured or not.
    error : float or None
        Mean absolute error on held-out layers over their mean; None if nothing was estimated.
    """

    values: FloatArray
    error: float | None


def estimate(
    place: str,
    layers: Sequence[Layer],
    values: FloatArray,
    missing: NDArray[np.bool_],
    others: Sequence[tuple[Sequence[Layer], FloatArray]] = (),
) -> Estimate:
    """Return times (or energies) of all layers, from those of the measured ones.

    A line ``a + b MACs + c bytes read + d bytes written + e bytes of parameters`` with a, ..., e
    >= 0 for each kind of layer of which enough were measured, and one for all others, as in
    Neurosurgeon (Kang et al., ASPLOS 2017), fitted to relative errors. Five-fold cross-validation
    gives the error; layers of equal features are held out together, since repeated blocks would
    make it look small.

    Parameters
    ----------
    place : str
        For messages.
    layers : sequence of Layer
        The n layers.
    values : (n,) array
        Measured values, nan where there is none.
    missing : (n,) bool array
        Which values are wanted; if none is, nothing is fitted.
    others : sequence of (layers, values)
        Further networks measured on the same device.

    Raises
    ------
    InputError
        If fewer than four different layers were measured.
    """
    if not missing.any():
        return Estimate(values, None)
    sets = [(layers, values), *others]
    kinds = np.array([layer.kind for one, _ in sets for layer in one])
    table = np.concatenate([_features(one) for one, _ in sets])
    known = np.concatenate([np.asarray(each, dtype=np.float64) for _, each in sets])
    rows = np.flatnonzero(~np.isnan(known))
    groups = _groups(kinds[rows], table[rows])
    if groups.max(initial=-1) + 1 < _FEW:
        rule = f"measured for at least {_FEW} different layers, to estimate the others"
        raise InputError(place, f"{groups.max(initial=-1) + 1} different layers", rule)
    held = np.empty(rows.size)
    for fold in range(_FOLDS):
        out = groups % _FOLDS == fold
        if out.any():
            inside, outside = rows[~out], rows[out]
            model = _fit(kinds[inside], table[inside], known[inside])
            held[out] = _predict(model, kinds[outside], table[outside])
    error = float(np.abs(held - known[rows]).sum() / (known[rows].sum() or 1.0))
    model = _fit(kinds[rows], table[rows], known[rows])
    size = len(layers)
    return Estimate(_predict(model, kinds[:size], table[:size]), error)


def _features(layers: Sequence[Layer]) -> FloatArray:
    """Return 1, MACs and bytes read, written and of parameters of each layer, (n, 5)."""
    rows = []
    for layer in layers:
        # The size of the network's input is not known here: that of the output stands for it.
        read = sum(layers[i].output_bytes if i >= 0 else layer.output_bytes for i in layer.inputs)
        rows.append((1.0, layer.macs, read, layer.output_bytes, layer.stored_bytes))
    return np.array(rows, dtype=np.float64)


def _groups(kinds: NDArray[np.str_], table: FloatArray) -> NDArray[np.int64]:
    """Return the number of the group of equal layers that each row belongs to."""
    numbers: dict[tuple[object, ...], int] = {}
    keys = [(kind, *row) for kind, row in zip(kinds.tolist(), table.tolist(), strict=True)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


_Model = dict[str, FloatArray]  # coefficients by kind; those of "" are for all other kinds


def _fit(kinds: NDArray[np.str_], table: FloatArray, values: FloatArray) -> _Model:
    """Return the lines of the kinds."""
    model = {"": _line(table, values)}
    for kind in np.unique(kinds).tolist():
        rows = kinds == kind
        if len(np.unique(table[rows], axis=0)) >= _OWN:
            model[kind] = _line(table[rows], values[rows])
    return model


def _line(table: FloatArray, values: FloatArray) -> FloatArray:
    """Return the coefficients >= 0 of least relative error."""
    from scipy.optimize import nnls

    weight = 1.0 / np.maximum(values, _SMALL * values.mean() or 1.0)
    scale = table.max(axis=0)
    scale[scale == 0] = 1.0  # columns in one unit: nnls has an absolute tolerance
    found, _ = nnls(table / scale * weight[:, np.newaxis], values * weight)
    return np.asarray(found / scale)


def _predict(model: _Model, kinds: NDArray[np.str_], table: FloatArray) -> FloatArray:
    """Return the values of the lines."""
    lines = np.stack([model.get(kind, model[""]) for kind in kinds.tolist()])
    return np.asarray((table * lines).sum(axis=1))
