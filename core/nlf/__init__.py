"""The neural localizer field: one photo in, every Gaussian found in it, and decoded from what is seen there.

Sárándi and Pons-Moll, "Neural Localizer Fields for Continuous 3D Human Pose and Shape Estimation", NeurIPS 2024.
"""
