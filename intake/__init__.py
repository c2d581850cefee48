"""What a service holds and promises: receive, keep, hand out, erase. Knows no HTTP."""
