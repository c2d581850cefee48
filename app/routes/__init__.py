"""What a source can ask for: one router for each page, or pair of pages."""
