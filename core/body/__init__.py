"""The body speaks SMPL-X: one file format, one code path, whoever made the file."""
