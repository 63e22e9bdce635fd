"""What p-lambda/dsir finds; run by an interpreter that has it: ``PYTHON _dsir_reference.py RAW TARGET FOLDER``.

RAW and TARGET are JSON Lines with a field ``text``; the log-importance of every raw text goes to FOLDER/found.npy.
"""

import sys
from pathlib import Path

import numpy as np
from data_selection import HashedNgramDSIR


def main() -> None:
    """Fit on all texts and weigh the raw ones."""
    raw, target, folder = sys.argv[1:]
    dsir = HashedNgramDSIR([raw], [target], cache_dir=f"{folder}/cache", num_proc=1, min_example_length=0)
    dsir.fit_importance_estimator(num_tokens_to_fit="all")
    dsir.compute_importance_weights()
    found = np.concatenate([np.load(file) for file in sorted(Path(dsir.log_importance_weights_dir).glob("*.npy"))])
    np.save(f"{folder}/found.npy", found)


if __name__ == "__main__":
    main()
