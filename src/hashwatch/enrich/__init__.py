"""Pure annotators: a post's text (and the programme) in, tags with reasons out. No I/O."""
