"""hashwatch: a social-media conference monitor."""

__version__ = "0.1.0"
