"""The station on a machine that looks like a Raspberry Pi, tested from outside: `python -m tests.pi --help`.

Heels, wall and cables are moved through the machine's board; the results are read from the station's page.
"""
