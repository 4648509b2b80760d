"""Makes the board's files from its dimensions: solids, pictures, diagrams, sheets and documents.

Run `python -m hardware.workshop`, or `make hardware`. Nothing else imports it: it needs the development libraries.
"""
