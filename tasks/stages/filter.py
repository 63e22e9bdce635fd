"""Filtering: thresholds resolved over the live documents, every rule evaluated, the failing documents dropped."""

from schemas.recipe import Step
from tasks.decide import decided, drop, resolve_rules
from tasks.run import Run
from tasks.stages.cascade import account
from tasks.stages.learn import check_agreement


def filter(run: Run, number: int, step: Step) -> None:
    """Drop the live documents that fail a rule of this step, with a row for each rule that they fail."""
    check_agreement(run, step)
    rules = [rule for rule in decided(run.recipe.steps) if rule.step == number]
    with run.ledger.transaction():
        resolve_rules(run.ledger, rules)
        account(run, number, rules)
        drop(run.ledger, number, rules)
        run.leave(number)
