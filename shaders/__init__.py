"""GLSL sources that ship with the program."""
