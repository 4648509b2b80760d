"""Use cases: the loop that runs a session, the start gate, the recorder and the API of the page."""
