"""Commands for moving in and out: `import` and `export`."""
