"""Everything that works without a window; importing this package loads no heavy library."""
