"""The web face: pages, forms and the operator's service. Knows intake, forms and crypto."""
