"""Readers: what is read does not depend on how it is cut, and nothing is lost silently."""
