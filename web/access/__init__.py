"""Who may open what, and how a person proves their presence: the rules, presence requests and PINs."""
