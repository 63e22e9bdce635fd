"""What the report and the card are made of: facts by SQL, charts as geometry, numbers and words for people."""
