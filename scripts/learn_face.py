"""Learns the face of the built-in body anew and puts it among what ships; when portraits or fits have changed."""

from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.tracking.learned_face import ship

if __name__ == "__main__":
    print(f"wrote {ship(builtin_body())}")
