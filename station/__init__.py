"""The station: rules, drivers, store and command line. Nothing in it imports the web page."""
