"""Renderers draw Gaussians and know nothing of bodies or avatars."""
