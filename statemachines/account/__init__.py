"""A billing account's lifecycle: closing months, reminders, holds and payments."""
