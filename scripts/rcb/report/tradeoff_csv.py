"""tradeoff.csv and model.csv: the trade-off as tidy tables, the measured and the modelled apart (docs/schema.md)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Dict, Iterator, Sequence

import pandas as pd

from rcb.answers.summary import Cell
from rcb.answers.tradeoff import OVER_COUNTED, OVER_MIXED, OVER_RELEASED, OVER_SHARED, Curve, Field, Series, Tradeoff
from rcb.answers.usl import Fit
from rcb.base.files import write_atomically
from rcb.rows.tables import table_text
from rcb.stats.crossing import Turn
from rcb.stats.stats import Interval

COLUMNS = ("quantity", "driver", "workload", "params", "variant", "threads", "placement", "value", "low", "high",
           "unit", "outcome", "low_outcome", "high_outcome", "against")
MODEL_COLUMNS = ("driver", "workload", "params", "variant", "placement", "counts", "rate", "rate_low", "rate_high",
                 "sigma", "sigma_low", "sigma_high", "kappa", "kappa_low", "kappa_high", "worst_residual", "held_out",
                 "foreseen", "measured", "error", "peak", "speedup_at", "speedup", "speedup_low", "speedup_high")
Record = Dict[str, object]


def _of_cell(cell: Cell) -> Record:
    return {name: getattr(cell, name) for name in ("driver", "workload", "params", "variant", "threads", "placement")}


def _bounds(found: Interval) -> Record:
    return {"value": found.value, "low": found.low, "high": found.high}


def _outcome(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    return "from" if math.isfinite(value) else "never" if value > 0 else "always"


def _turn(found: Turn) -> Record:
    """Words stand in columns of their own, so that those of numbers hold numbers alone."""
    record: Record = {}
    for name, value in (("value", found.value), ("low", found.low), ("high", found.high)):
        record[name] = value if math.isfinite(value) else math.nan
        record["outcome" if name == "value" else f"{name}_outcome"] = _outcome(value)
    return record


def _curve(curve: Curve) -> Iterator[Record]:
    for point in curve.points:
        if math.isfinite(point.own.value):
            yield {"quantity": "speedup_own", **_of_cell(point.cell), **_bounds(point.own), "unit": "ratio",
                   "against": f"{curve.variant} threads=1"}
        yield {"quantity": "speedup_gil", **_of_cell(point.cell), **_bounds(point.against.interval), "unit": "ratio",
               "against": f"{point.best.variant} threads={point.best.threads}"}
    yield {"quantity": "crossover", **_of_cell(curve.most.cell), **_turn(curve.crossover), "unit": "threads",
           "against": curve.most.best.variant}


def _series(name: str, series: Series) -> Record:
    cell = series.points[0][1].cell
    return {"quantity": name, **_of_cell(cell), "params": series.rest, **_turn(series.fall), "unit": "%",
            "against": series.points[0][1].best.variant}


def _field(field: Field) -> Record:
    return {"quantity": "best", **_of_cell(field.best), **_bounds(field.lead), "unit": "ratio",
            "outcome": "tie" if field.ties else "best",
            "against": "+".join(field.ties) or (field.second.variant if field.second else "")}


def _all(tradeoff: Tradeoff) -> Iterator[Record]:
    for variant, mean in tradeoff.means.items():
        if mean.workloads:
            yield {"quantity": "tax_mean", "driver": "overhead", "variant": variant, "threads": 1, **_bounds(mean.value),
                   "unit": "ratio", "against": tradeoff.baseline}
    for tax in tradeoff.taxes:
        yield {"quantity": "tax", **_of_cell(tax.cell), **_bounds(tax.ratio), "unit": "ratio",
               "against": tradeoff.baseline}
    for curve in tradeoff.curves:
        yield from _curve(curve)
    for name, what in (("share_limit", OVER_SHARED), ("counted_limit", OVER_COUNTED), ("mixed_limit", OVER_MIXED),
                       ("released_limit", OVER_RELEASED)):
        for series in tradeoff.over(what):
            if series.fall.known:
                yield _series(name, series)
    yield from map(_field, tradeoff.fields)


def tidy(tradeoff: Tradeoff) -> pd.DataFrame:
    """The table of tradeoff.csv."""
    return pd.DataFrame(list(_all(tradeoff)), columns=list(COLUMNS))


def write_tradeoff(tradeoff: Tradeoff, path: Path) -> None:
    """Writes tradeoff.csv: what was measured."""
    write_atomically(path, table_text(tidy(tradeoff)))


def _model(fit: Fit) -> Record:
    cell = fit.curve.most.cell
    record: Record = {name: getattr(cell, name) for name in ("driver", "workload", "params", "variant", "placement")}
    for name, found in (("rate", fit.rate), ("sigma", fit.sigma), ("kappa", fit.kappa), ("speedup", fit.twice)):
        record.update({name: found.value, f"{name}_low": found.low, f"{name}_high": found.high})
    worst = max(fit.residuals, key=abs)
    record.update(counts="+".join(str(point.cell.threads) for point in fit.curve.points), worst_residual=worst,
                  held_out=fit.held_out, foreseen=fit.foreseen, measured=fit.measured.value, error=fit.error,
                  peak=fit.peak if math.isfinite(fit.peak) else math.nan, speedup_at=2 * fit.held_out)
    return record


def write_model(found: Sequence[Fit], path: Path) -> None:
    """Writes model.csv, or removes an old one where nothing could be fitted."""
    if found:
        write_atomically(path, table_text(pd.DataFrame([_model(one) for one in found], columns=list(MODEL_COLUMNS))))
    else:
        path.unlink(missing_ok=True)
