"""The live page: its view model, phases, commands and recorded voice."""
