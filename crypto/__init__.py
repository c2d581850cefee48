"""Every format that two rooms share: bytes and file objects in, bytes and file objects out."""
