"""The report of a sweep: one self-contained HTML file, and tables and figures for a paper."""
