"""Observable Plot 0.6.17 and D3 7.9.2, on which it is built, unchanged from the npm registry; both ISC licence.

plot.min.js is dist/plot.umd.min.js of @observablehq/plot, d3.min.js is dist/d3.min.js of d3. A new version takes the
place of both files and of both licence files.
"""
