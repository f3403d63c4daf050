"""The web page, its reading pages and a small JSON API, on one server of our own."""
