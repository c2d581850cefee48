"""What can be wrong with a form, for whoever writes one."""


class FormError(Exception):
    """The file is not a form; the message says where and what is wrong."""
