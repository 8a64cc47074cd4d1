"""Panels show the store's state and dispatch commands; they hold no state of the document."""
