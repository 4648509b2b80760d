"""A module for each page, with `blueprint(site)`."""
