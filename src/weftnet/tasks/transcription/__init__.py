"""Transcription: the text of a recording, or of a picture of a line, by connectionist temporal classification."""
