"""Stages: what each kind of step does with the run's ledger, its parts and its workers; one file per kind."""
