"""tipsearch."""
