"""What one pass over the persons gives: likelihood, expected counts, gradient and information of a response model.

Persons are one-hot rows over all categories of all items and over the groups, so that one matrix product with the
log probabilities gives every person's likelihood at every node, and one more with the posteriors gives the counts the
M-step needs. Missing answers are zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_blocks import Block, blocks_of
from sjt.psychometrics.irt_models import Items

CHUNK = 4096
SINGLE_FROM = 5000
"""From so many persons the products run in single precision; the last log-likelihood is always in double."""
SLICE = 512
"""Persons whose gradients are held at once."""
FAINT_POSTERIOR = 1e-9
"""Share of a person's posterior at a node that the observed information leaves out."""
FAINT = -60.0
"""Log of the faintest posterior kept: smaller ones become denormal numbers, which slow a product tenfold."""


@dataclass(frozen=True)
class Prior:
    """Normal priors of log slope and intercepts, for small samples."""

    slope_mean: float = 0.0
    slope_sd: float = 0.5
    intercept_sd: float = 3.0


class Problem:
    """One fit's answers, what is free in it, and everything that is computed in a pass over the persons."""

    def __init__(
        self,
        codes: NDArray[np.int16],
        items: Items,
        group: NDArray[np.int64],
        n_groups: int,
        fixed: Mapping[int, tuple[float, FloatArray]],
        prior: Prior | None,
        free_variance: bool,
        free_slopes: bool,
        nodes: int,
        reach: float,
    ) -> None:
        self.codes, self.items, self.group, self.n_groups = codes, items, group, n_groups
        self.theta = np.linspace(-reach, reach, nodes)
        self.prior = prior
        self.offsets = items.offsets
        self.width = int(self.offsets[-1]) + n_groups
        self.single = codes.shape[0] >= SINGLE_FROM
        sizes = items.sizes
        self.starts = self.offsets[:-1]  # item j has sizes[j] parameters: slope, then intercepts
        self.blocks = blocks_of(items, nodes)
        self.n_items_parameters = int(sizes.sum())
        total = self.n_items_parameters + 2 * n_groups
        self.free = np.ones(total, dtype=bool)
        if not free_slopes:
            self.free[self.starts] = False
        for j in fixed:
            self.free[self.starts[j] : self.starts[j] + sizes[j]] = False
        anchored = bool(fixed)
        for g in range(n_groups):
            self.free[self.n_items_parameters + 2 * g] = g > 0 or anchored
            self.free[self.n_items_parameters + 2 * g + 1] = g > 0 or free_variance or anchored
        self.rows = self._rows()

    def _rows(self) -> list[NDArray[Any]]:
        """One-hot rows in chunks; int8 would be smaller, but the product wants floats."""
        kind = np.float32 if self.single else np.float64
        n = self.codes.shape[0]
        keep = n * self.width * np.dtype(kind).itemsize <= 250_000_000
        return [self._chunk(s) for s in range(0, n, CHUNK)] if keep else []

    def _chunk(self, start: int) -> NDArray[Any]:
        block = self.codes[start : start + CHUNK]
        out = np.zeros((block.shape[0], self.width), dtype=np.float32 if self.single else np.float64)
        row, column = np.nonzero(block >= 0)
        out[row, self.starts[column] + block[row, column]] = 1.0
        out[np.arange(block.shape[0]), int(self.offsets[-1]) + self.group[start : start + CHUNK]] = 1.0
        return out

    def chunks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        for number, start in enumerate(range(0, self.codes.shape[0], CHUNK)):
            yield start, self.rows[number] if self.rows else self._chunk(start)

    def pack(self, items: Items, means: FloatArray, sds: FloatArray) -> FloatArray:
        parts = [np.concatenate([[a], c]) for a, c in zip(items.slopes, items.intercepts)]
        return np.concatenate([*parts, np.column_stack([means, np.log(sds)]).ravel()])

    def unpack(self, x: FloatArray) -> tuple[Items, FloatArray, FloatArray]:
        sizes = self.items.sizes
        slopes = x[self.starts].copy()
        intercepts = [x[s + 1 : s + k].copy() for s, k in zip(self.starts, sizes)]
        tail = x[self.n_items_parameters :].reshape(-1, 2)
        return Items(self.items.model, self.items.marks, slopes, intercepts), tail[:, 0], np.exp(tail[:, 1])

    def log_prior(self, mean: float, log_sd: float) -> FloatArray:
        z = -0.5 * ((self.theta - mean) / np.exp(log_sd)) ** 2
        top = z.max()
        return np.asarray(z - top - np.log(np.exp(z - top).sum()))

    def table(self, x: FloatArray) -> FloatArray:
        out = np.empty((self.width, self.theta.size))
        for block in self.blocks:
            out[block.index] = np.log(block.probabilities(x[block.index], self.theta))
        tail = x[self.n_items_parameters :].reshape(-1, 2)
        for g, (mean, log_sd) in enumerate(tail):
            out[int(self.offsets[-1]) + g] = self.log_prior(mean, log_sd)
        return out

    def penalty(self, x: FloatArray) -> float:
        if self.prior is None:
            return 0.0
        items, _, _ = self.unpack(x)
        free = self.free[self.starts]
        a = np.maximum(items.slopes[free], 1e-6)
        out = -0.5 * (((np.log(a) - self.prior.slope_mean) / self.prior.slope_sd) ** 2).sum() - np.log(a).sum()
        for j, c in enumerate(items.intercepts):
            if self.free[self.starts[j] + 1]:
                out -= 0.5 * ((c / self.prior.intercept_sd) ** 2).sum()
        return float(out)

    def penalty_derivatives(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient, and the diagonal of the negative Hessian."""
        g, h = np.zeros(x.size), np.zeros(x.size)
        if self.prior is None:
            return g, h
        for s, k in zip(self.starts, self.items.sizes):
            if self.free[s]:
                a = max(float(x[s]), 1e-6)
                z = (np.log(a) - self.prior.slope_mean) / self.prior.slope_sd**2
                g[s] = -(z + 1) / a
                h[s] = max(0.0, (1 / self.prior.slope_sd**2 - z - 1) / a**2)
            if self.free[s + 1]:
                g[s + 1 : s + k] = -x[s + 1 : s + k] / self.prior.intercept_sd**2
                h[s + 1 : s + k] = 1 / self.prior.intercept_sd**2
        return g, h

    def expect(self, x: FloatArray, *, double: bool = False) -> tuple[float, FloatArray]:
        """Log-likelihood (with the prior's part) and expected counts, categories and groups × nodes."""
        table = self.table(x)
        table_used = table if double or not self.single else table.astype(np.float32)
        counts = np.zeros((self.width, self.theta.size))
        loglik = 0.0
        for _, rows in self.chunks():
            r = rows.astype(np.float64) if double and self.single else rows
            like = r @ table_used
            top = like.max(axis=1, keepdims=True)
            like -= top
            np.maximum(like, FAINT, out=like)
            np.exp(like, out=like)
            total = like.sum(axis=1, keepdims=True)
            loglik += float(np.log(total.astype(np.float64)).sum() + top.astype(np.float64).sum())
            like /= total
            counts += r.T @ like
        return loglik + self.penalty(x), counts

    def gradient(self, x: FloatArray, counts: FloatArray) -> FloatArray:
        out = np.zeros(x.size)
        for block in self.blocks:
            _, d = block.derivatives(x[block.index], self.theta)
            out[block.index] = block.gradient(d, counts[block.index])
        for g in range(self.n_groups):
            at = self.n_items_parameters + 2 * g
            first, _ = self._prior_derivatives(x[at], x[at + 1])
            out[at : at + 2] = first @ counts[int(self.offsets[-1]) + g]
        return out + self.penalty_derivatives(x)[0]

    def _prior_derivatives(self, mean: float, log_sd: float) -> tuple[FloatArray, FloatArray]:
        """First (2 × Q) and second (2 × 2 × Q) derivatives of the log weights of the nodes."""
        weight = np.exp(self.log_prior(mean, log_sd))
        z = (self.theta - mean) / np.exp(log_sd)
        one = np.vstack([z / np.exp(log_sd), z * z])
        two = np.empty((2, 2, z.size))
        two[0, 0] = -1 / np.exp(2 * log_sd)
        two[0, 1] = two[1, 0] = -2 * z / np.exp(log_sd)
        two[1, 1] = -2 * z * z
        middle = one @ weight
        first = one - middle[:, None]
        spread = (one * weight) @ one.T - np.outer(middle, middle)
        return first, two - (two @ weight)[:, :, None] - spread[:, :, None]

    def complete_information(self, x: FloatArray, counts: FloatArray) -> FloatArray:
        out = np.zeros((x.size, x.size))
        for block in self.blocks:
            own = block.index
            out[own[:, :, None], own[:, None, :]] = block.information(x[own], self.theta, counts[own])
        for g in range(self.n_groups):
            at = self.n_items_parameters + 2 * g
            _, second = self._prior_derivatives(x[at], x[at + 1])
            out[at : at + 2, at : at + 2] = -second @ counts[int(self.offsets[-1]) + g]
        out[np.diag_indices(x.size)] += self.penalty_derivatives(x)[1]
        return out

    def m_step(self, x: FloatArray, counts: FloatArray) -> FloatArray:
        """A guarded scoring step for every item on its expected counts; closed form for the groups."""
        out = x.copy()
        slope_g, slope_h = self.penalty_derivatives(x)
        for block in self.blocks:
            own = block.index
            if self.free[own].any():
                penalty = (slope_g[own], slope_h[own])
                guarded = self.prior is None
                out[own] = block.m_step(x[own], self.theta, counts[own], self.free[own], penalty, guarded=guarded)
        for g in range(self.n_groups):
            at = self.n_items_parameters + 2 * g
            n = counts[int(self.offsets[-1]) + g]
            if n.sum() <= 0:
                continue
            mean = float(n @ self.theta / n.sum()) if self.free[at] else float(out[at])
            if self.free[at + 1]:
                out[at + 1] = 0.5 * np.log(max(1e-4, float(n @ (self.theta - mean) ** 2 / n.sum())))
            out[at] = mean
        return out

    def allowed(self, x: FloatArray) -> bool:
        if not np.isfinite(x).all() or np.abs(x).max() > 200:
            return False
        if (np.abs(x[self.n_items_parameters + 1 :: 2]) > 3).any():
            return False
        if self.prior is not None and (x[self.starts] <= 0).any():
            return False
        if self.items.graded:
            return all((np.diff(x[s + 1 : s + k]) < 0).all() for s, k in zip(self.starts, self.items.sizes))
        return True

    def _posterior(self, rows: NDArray[Any], table: NDArray[Any]) -> NDArray[Any]:
        like = rows @ table
        like -= like.max(axis=1, keepdims=True)
        np.maximum(like, FAINT, out=like)
        np.exp(like, out=like)
        like /= like.sum(axis=1, keepdims=True)
        return np.asarray(like)

    def observed_information(self, x: FloatArray, counts: FloatArray, *, exact: bool) -> FloatArray:
        """Louis's observed information, or the cross product of the persons' scores."""
        if exact:
            return self.complete_information(x, counts) - self._hidden_information(x)
        out = np.zeros((x.size, x.size))
        for score in self.scores(x):
            out += score.T @ score
        out[np.diag_indices(x.size)] += self.penalty_derivatives(x)[1]
        return out

    def scores(self, x: FloatArray) -> Iterator[NDArray[Any]]:
        """Chunk by chunk: each person's gradient of the log-likelihood."""
        kind = np.float32 if self.single else np.float64
        table = self.table(x).astype(kind)
        parts = []
        for block in self.blocks:
            _, d = block.derivatives(x[block.index], self.theta)
            parts.append(np.ascontiguousarray(d.transpose(2, 0, 1, 3)).reshape(self.theta.size, -1).astype(kind))
        firsts = [self._prior_derivatives(x[at], x[at + 1])[0].T for at in range(self.n_items_parameters, x.size, 2)]
        for start, every in self.chunks():
            for first in range(0, every.shape[0], SLICE):
                rows = every[first : first + SLICE]
                like = self._posterior(rows, table)
                out = np.zeros((rows.shape[0], x.size), dtype=kind)
                mine = slice(start + first, start + first + rows.shape[0])
                for block, part in zip(self.blocks, parts):
                    n_items, k = block.index.shape
                    code = self.codes[mine][:, self._columns(block)].astype(np.int64)
                    of_all = (like @ part).reshape(-1, k)
                    at = np.arange(code.size).reshape(code.shape) * k + np.maximum(code, 0)
                    picked = of_all.take(at.ravel(), axis=0).reshape(-1, n_items, k)
                    out[:, block.index] = picked if (code >= 0).all() else picked * (code >= 0)[:, :, None]
                for g, prior in enumerate(firsts):
                    at_group = self.n_items_parameters + 2 * g
                    here = self.group[mine] == g
                    out[here, at_group : at_group + 2] = like[here] @ prior
                yield out

    def _columns(self, block: Block) -> NDArray[np.int64]:
        """Items of a block, as columns of the codes."""
        return np.asarray(np.searchsorted(self.starts, block.index[:, 0]))

    def _hidden_information(self, x: FloatArray) -> FloatArray:
        """Σ over persons of the posterior covariance of their complete-data scores: what not knowing θ costs.

        A node that is faint in a person's posterior is left out for that person: with sixty items each person needs
        about a dozen of the sixty-one.
        """
        tables = [self._node_table(block, x) for block in self.blocks]
        firsts = [self._prior_derivatives(x[at], x[at + 1])[0].T for at in range(self.n_items_parameters, x.size, 2)]
        log_table = self.table(x)
        out = np.zeros((x.size, x.size))
        for start, every in self.chunks():
            for first in range(0, every.shape[0], 2 * SLICE):
                rows = every[first : first + 2 * SLICE]
                mine = slice(start + first, start + first + rows.shape[0])
                post = self._posterior(rows, log_table)
                places = [self._places(block, self.codes[mine]) for block in self.blocks]
                group = self.group[mine]
                mean = np.zeros((rows.shape[0], x.size), dtype=np.float32)
                kept = []
                for q in range(self.theta.size):
                    here = np.flatnonzero(post[:, q] > FAINT_POSTERIOR)
                    if not here.size:
                        continue
                    score = np.empty((here.size, x.size), dtype=np.float32)
                    for block, table, place in zip(self.blocks, tables, places):
                        picked = table[q].take(place[here].ravel(), axis=0)
                        score[:, block.columns] = picked.reshape(here.size, -1)
                    for g, prior in enumerate(firsts):
                        at = self.n_items_parameters + 2 * g
                        score[:, at : at + 2] = np.where((group[here] == g)[:, None], prior[q], 0.0)
                    weight = post[here, q, None].astype(np.float32)
                    mean[here] += weight * score
                    kept.append((here, np.sqrt(weight), score))
                for here, root, score in kept:
                    score -= mean[here]
                    score *= root
                    out += score.T @ score
        return out

    def _node_table(self, block: Block, x: FloatArray) -> NDArray[np.float32]:
        """Derivatives by node and by item's category, a row of noughts last in each item for one not presented."""
        _, d = block.derivatives(x[block.index], self.theta)
        n_items, k = block.index.shape
        out = np.zeros((self.theta.size, n_items, k + 1, k), dtype=np.float32)
        out[:, :, :k] = d.transpose(2, 0, 1, 3)
        return out.reshape(self.theta.size, n_items * (k + 1), k)

    def _places(self, block: Block, codes: NDArray[np.int16]) -> NDArray[np.int64]:
        """Row of a node's table for every person and item of a block."""
        n_items, k = block.index.shape
        code = codes[:, self._columns(block)].astype(np.int64)
        return np.asarray(np.where(code >= 0, code, k) + np.arange(n_items) * (k + 1))
