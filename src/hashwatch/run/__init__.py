"""One command: collector, publisher and server as three processes, watched over.

They meet only in the databases, so each may end and be started again while the others go on.
"""
