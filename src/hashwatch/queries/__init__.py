"""What people ask of the dashboard: each question is a ``.sql`` file in ``sql/`` and the thin
function that runs it, used alike by pages, JSON, exports and the command line.

Every function takes an open connection to dashboard.db and only reads.
"""
