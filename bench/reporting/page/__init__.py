"""The HTML page of a report: one file with its tables, charts, scripts and data, which needs no network.

page.py puts it together. parts/ has the page's style sheet and scripts, vendor/ the charting library.
"""
