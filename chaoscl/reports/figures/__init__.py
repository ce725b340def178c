"""Figures for print and screen, read from the aggregates; one module for each family of kinds."""

from chaoscl.reports.figure_kind import FIGURES, FigureKind
from chaoscl.reports.figures.degradation import degradation_figure
from chaoscl.reports.figures.ranks import critical_difference_figure
from chaoscl.reports.figures.registry import RANKS, ranks_figure, write_figures
from chaoscl.reports.figures.retention import retention_figure
from chaoscl.reports.figures.style import NotDrawnError, render, save, write_whole

__all__ = [
    "FIGURES",
    "RANKS",
    "FigureKind",
    "NotDrawnError",
    "critical_difference_figure",
    "degradation_figure",
    "ranks_figure",
    "render",
    "retention_figure",
    "save",
    "write_figures",
    "write_whole",
]
