"""One module a page, each with `blueprint(site)`."""
