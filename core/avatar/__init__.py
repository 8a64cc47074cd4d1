"""An avatar is Gaussians bound to the faces of a body; posing it never changes what is bound."""
