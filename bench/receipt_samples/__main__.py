"""`python -m bench.receipt_samples FOLDER [--seed N] [--each N]` writes the sample set."""

import argparse
from pathlib import Path

from bench.receipt_samples.making import SEED, make_samples

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--seed", type=int, default=SEED)
parser.add_argument("--each", type=int, default=1, help="receipts of every layout at every difficulty")
arguments = parser.parse_args()
make_samples(arguments.folder, seed=arguments.seed, each=arguments.each)
