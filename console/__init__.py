"""The offline reader and the offline ceremonies. Knows crypto and forms; opens no connection."""
