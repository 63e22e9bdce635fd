"""Plain words for what the ledger names in short: figures of order and packing, outcomes, kinds of steps."""

from collections.abc import Callable

from flows.pages.numbers import count, number, percent

Form = Callable[[float | None], str]

OUTCOMES = {"dropped": "dropped", "duplicate": "duplicates", "failed": "failed"}

ACTS = {
    "read": "Read",
    "score": "Score",
    "annotate": "Annotate",
    "decontaminate": "Decontaminate",
    "edit": "Edit",
    "filter": "Filter",
    "select": "Select",
    "deduplicate": "Deduplicate",
    "reweight": "Reweight",
    "transform": "Transform",
    "order": "Order",
    "pack": "Pack",
}

READING = {
    "not_blank": "the text has a character that is not blank",
    "max_document_bytes": "the text is not larger than the recipe allows",
    "copies >= 1": "the mixture draws the document at least once",
}


def selecting(rule: str) -> str:
    """Return what a selection asks of a document, by the rule that its drop names.

    >>> selecting("select.hard"), selecting("select.hard.missing")
    ('hard takes the document', 'the document has a score to select by')
    """
    _, unit, *rest = rule.split(".")
    return "the document has a score to select by" if rest else f"{unit} takes the document"


FIGURES: dict[str, tuple[str, Form]] = {
    "contexts": ("contexts", count),
    "tokens": ("tokens packed, copies counted each time", count),
    "padding_share": ("room left empty in the contexts", percent),
    "extra_contexts": ("contexts beyond the fewest possible", count),
    "extra_context_share": ("the same, as a share of the fewest possible", percent),
    "cut_document_share": ("documents cut into more than one piece", percent),
    "avoidably_cut_share": ("documents cut although they fit one context", percent),
    "cuts": ("cuts", count),
    "unavoidable_cuts": ("cuts that any packing needs: documents longer than a context", count),
    "lost_token_share": ("tokens that are in no context", percent),
    "repeated_token_share": ("tokens that are in a context more than once", percent),
    "mid_document_share": ("contexts that begin inside a document", percent),
    "orphan_tokens": ("tokens whose document begins in another context", count),
    "source_entropy_per_context": ("mixing of sources within a context (entropy in bits)", number),
    "mean_attention_span": ("tokens of its own document before a token, on average", number),
    "conserved": ("every token is in exactly one context", lambda held: "yes" if held else "no"),
    "documents_per_context": ("documents per context, on average", number),
    "adjacent_similarity": ("similarity of successive documents, on average (cosine)", number),
    "adjacent_similarity_in_context": ("the same, within contexts only", number),
    "linked_share": ("steps from one document to the next that follow the neighbor graph", percent),
    "jumps": ("pieces of the order between which it jumps", count),
    "neighbor_hit_share": ("documents with one of their nearest neighbors in a context of theirs", percent),
    "neighbor_recall": ("share of a document's nearest neighbors found there, on average", percent),
    "context_similarity": ("similarity of two documents of one context (cosine)", number),
    "next_context_similarity": ("similarity of one context to the next (cosine; low is well mixed)", number),
    "duplicate_share": ("documents with a near-duplicate in a context of theirs", percent),
    "repeat_factor": ("documents given out for each distinct one", number),
    "domain_order_entropy": ("mixing of domains along the order (entropy of what follows a domain, in bits)", number),
    "largest_decile_divergence": ("largest drift of the domains in a tenth of the order (divergence in bits)", number),
    "source_order_entropy": ("mixing of sources along the order (entropy of what follows a source, in bits)", number),
    "largest_source_divergence": ("largest drift of the sources in a tenth of the order (divergence in bits)", number),
    "largest_length_divergence": ("largest drift of the lengths in a tenth of the order (divergence in bits)", number),
    "zipf_coefficient": ("exponent of how often a word occurs in a context (low is bursty)", number),
    "bursty_share": ("contexts with a rare word in several documents", percent),
    "adaptation": ("contexts with a rare word that have it again, on average over rare words", percent),
    "fano": ("variance over mean of a rare word's documents per context (1: thrown at random)", number),
    "gap_burstiness": ("burstiness of the gaps between a rare word's documents (0: at random, 1: bursts)", number),
    "search_recall": ("true nearest neighbors that the search found, on a sample", percent),
}


def figure(name: str, value: float | None) -> tuple[str, str]:
    """Return a figure's label and its value as text; a name without a label is spelt out.

    A figure of another order or packing to compare with is named after it: ``random.jumps``.

    >>> figure("some_new_figure", 0.5), figure("random.jumps", 7)
    (('some new figure', '0.5'), ('pieces of the order between which it jumps: random', '7'))
    """
    what, _, of = name.partition(".")
    if of in FIGURES:
        label, form = FIGURES[of]
        return f"{label}: {what.replace('_', ' ')}", form(value)
    label, form = FIGURES.get(name, (name.replace("_", " ").replace(".", ": "), number))
    return label, form(value)
