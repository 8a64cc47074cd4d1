"""The viewport owns the picture: one texture, drawn on the main thread only."""
