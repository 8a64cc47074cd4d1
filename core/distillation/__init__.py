"""Teaches the NLF-GS network from made-up people, and judges it."""
