"""Questions become answers, each with its citation or with the reason there is none."""
