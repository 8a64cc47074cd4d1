"""Photos to avatar: tracking and the network put together."""
