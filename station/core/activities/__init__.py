"""What a person does on the board: one state machine for each activity."""
