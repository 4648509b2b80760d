"""Who may open what, and how a person proves that they are there: the rules, presence requests and PINs."""
