"""What looks at stored photos and says which products may be on them: suggestions for people."""
