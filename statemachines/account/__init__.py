"""The lifecycle of a billing account: month closes, reminders, holds and payments."""
