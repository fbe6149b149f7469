"""Answers back on paper: values written into the document they belong to.

``fill`` is the way in; the other modules are its parts.
"""

from procession.digitize.paper.fill import fill

__all__ = ["fill"]
