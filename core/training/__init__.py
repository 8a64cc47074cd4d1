"""Refining an avatar on pictures of the person, in the background."""
