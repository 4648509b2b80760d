"""Who is let in: what roles and tokens allow, and the requests that somebody proves at the board."""
