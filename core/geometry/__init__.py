"""Geometry is pure: batched, differentiable functions of tensors, on any device."""
