"""What to do, and whether to: health questions, pain, felt place, plan and adaptation."""
