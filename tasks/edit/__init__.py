"""Editors: spans of a text to cut or replace at export, one family per file."""
