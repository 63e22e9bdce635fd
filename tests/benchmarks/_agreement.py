"""Compare the decisions of the four rule sets with those of datatrove on the same documents."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.rule import Rule, RuleSet

WORDS = (
    "words are cut differently: faces such as '):' and contractions without apostrophe ('id') are special to spaCy, "
    "and scripts without spaces are cut here and kept in one piece there"
)
CAUSES = {
    "top_": "datatrove counts an n-gram that occurs once, so the rule fires on short texts in which nothing repeats",
    "duplicate_line_share": "datatrove counts the empty pieces before a first and after a last line feed as lines",
    "duplicate_line_character_share": "datatrove's lines are those between runs of line feeds, empty ends included",
    "empty": "datatrove drops a text without words by a rule of its own",
    "division by zero": "datatrove fails on a text without words",
    "unexplained": "every value is on the same side of its threshold and the decisions differ",
}
KEPT = {">=": lambda value, threshold: value >= threshold, "<=": lambda value, threshold: value <= threshold}


@dataclass
class Agreement:
    """Counts per (source, rule set), and of the rules that decided differently."""

    documents: Counter = field(default_factory=Counter)
    same: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    examples: dict = field(default_factory=lambda: defaultdict(list))

    def share(self, rule_set: str, sources: Iterable[str]) -> float:
        """The share of the documents of ``sources`` on which the decisions agree."""
        keys = [(source, rule_set) for source in sources]
        return sum(self.same[key] for key in keys) / max(1, sum(self.documents[key] for key in keys))


def kept(rule: Rule, values: Mapping[str, float]) -> bool:
    """Whether ``values`` pass ``rule``."""
    return bool(KEPT[rule.operator](values[rule.score], rule.threshold))


def compare(rule_sets: Mapping[str, RuleSet], ours: Mapping[str, Mapping[str, float]], theirs: list[dict]) -> Agreement:
    """Compare values per document id with datatrove's measured lines."""
    found = Agreement()
    for line in theirs:
        values = ours[line["id"]]
        for name, rule_set in rule_sets.items():
            key = (line["source"], name)
            found.documents[key] += 1
            here, there = all(kept(rule, values) for rule in rule_set.rules), line["decisions"][name] is True
            found.same[key] += here == there
            if here != there:
                _explain(found, name, rule_set, values, line)
    return found


def _explain(found: Agreement, name: str, rule_set: RuleSet, values: Mapping[str, float], line: dict) -> None:
    """Count every rule that decides differently, by the side that drops."""
    differing = [rule for rule in rule_set.rules if kept(rule, values) != kept(rule, line["values"])]
    for rule in differing or [None]:
        dropper = "datatrove" if line["decisions"][name] is not True else "ours"
        pair = (values[rule.score], line["values"][rule.score]) if rule else None
        label = rule.name if rule else str(line["decisions"][name])
        kind = (name, label, dropper, cause(label, pair))
        found.kinds[kind] += 1
        found.examples[kind].append((line["id"], pair))


def cause(rule: str, pair: tuple[float, float] | None) -> str:
    """What makes a rule decide differently, given our value and datatrove's."""
    if pair is None:
        return CAUSES.get(rule, CAUSES["unexplained"])
    if "top_" in rule and pair[0] > 0:
        return WORDS
    return next((reason for part, reason in CAUSES.items() if part in rule), WORDS)
