"""Where the tests find what they read."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""
LIVES = ROOT / "scenarios" / "lives"
ACCOUNTS = ROOT / "scenarios" / "accounts"
