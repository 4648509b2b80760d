"""Use cases: the loop that runs a session, the start gate, the recorder and what the page may ask."""
