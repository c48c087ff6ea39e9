"""Whether what the books hold keeps the invariants of docs/domain.md."""
