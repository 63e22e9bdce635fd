"""What exists: the ledger's tables, the recipe, rules, records and errors, each declared once."""
