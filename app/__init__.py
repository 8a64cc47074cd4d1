"""The desktop program: the only place that knows about windows, panels and the command line."""
