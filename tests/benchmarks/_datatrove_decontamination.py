"""Run datatrove's own n-gram decontamination on documents: executed by datatrove's interpreter, without Gristmill.

    python _datatrove_decontamination.py [--questions] items.jsonl < documents.jsonl > decisions.jsonl

Each item is ``{"question", "answers"}``, each document ``{"text"}``. Each output line has the decision of the filter
(``kept``), the first n-gram that it found and the processor seconds. The index is built by calling the indexer's own
``compute_hashes``: its ``run`` needs lighteval even for items in memory.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.decont import NGramsDecontConfig, NGramsDecontFilter, NGramsDecontIndexer
from datatrove.utils.hashing import create_hash_func
from datatrove.utils.typeshelper import Languages
from datatrove.utils.word_tokenizers import load_word_tokenizer


def main() -> None:
    """Decide on the documents of standard input."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("items", type=Path)
    arguments.add_argument("--questions", action="store_true")
    options = arguments.parse_args()
    config = NGramsDecontConfig(find_query_ngrams=options.questions)
    with tempfile.TemporaryDirectory() as folder:
        write_index(options.items, config, Path(folder) / "items.index.hashes")
        unit = NGramsDecontFilter(folder, config)
        unit.filter(Document(text="The models are loaded by the first use.", id=""))
        for line in sys.stdin:
            document = Document(text=json.loads(line)["text"], id="")
            start = time.process_time()
            kept = unit.filter(document)
            seconds = time.process_time() - start
            ngram = document.metadata.get("contaminated_ngram")
            print(json.dumps({"kept": kept is True, "ngram": ngram, "seconds": seconds}), flush=True)


def write_index(items: Path, config: NGramsDecontConfig, target: Path) -> None:
    """Hash the items as the indexer does: every answer with its question."""
    indexer = object.__new__(NGramsDecontIndexer)
    indexer.config = config
    indexer.tokenizer = load_word_tokenizer(Languages.english)
    indexer.hash_func = create_hash_func(config.hash_config)
    hashes: set[int] = set()
    for line in items.read_text(encoding="utf-8").split("\n"):
        item = json.loads(line) if line else {"question": "", "answers": []}
        for answer in item["answers"] or [""]:
            hashes.update(indexer.compute_hashes(answer, item["question"]))
    np.array(sorted(hashes), dtype=config.hash_config.np_descr).tofile(target)


if __name__ == "__main__":
    main()
