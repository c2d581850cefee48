"""The courier: the only networked tool on the reviewers' side. Knows formats, and no server."""
