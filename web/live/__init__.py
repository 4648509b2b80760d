"""The live page: its view model and the style of each phase."""
