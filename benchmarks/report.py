"""Write one self-contained HTML page from results folders; figures and paper tables too if asked.

python benchmarks/report.py results/text-image-chaos2k --out build/report.html
python benchmarks/report.py results/text-image-chaos2k --figures build/figures --tables build/tables
"""

import sys

from chaoscl.cli import run_command
from chaoscl.commands.report import report

if __name__ == "__main__":
    sys.exit(run_command(report))
