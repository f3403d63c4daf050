"""Files become profiles, profiles become passages."""
