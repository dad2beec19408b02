"""What dispatch systems tell, pure: how a message is read by a mapping, and what a status means for a unit as it stands."""
