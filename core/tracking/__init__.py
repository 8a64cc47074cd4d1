"""From pictures of a person to the pose, the expression and the shape of an SMPL-X body."""
