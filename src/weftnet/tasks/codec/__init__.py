"""Compression of sound: a recording as whole numbers, few bits a second, and the recording that they stand for."""
