"""What this machine reaches is measured on a moving avatar, as medians with their spread, and never estimated."""

from .report import markdown, read_figures, table
from .run import run_benchmark
from .scenes import lively_clip

__all__ = ["lively_clip", "markdown", "read_figures", "run_benchmark", "table"]
