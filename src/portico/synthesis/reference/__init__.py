"""Published data sets with known answers, and what R's metafor says about them: what ``portico verify`` checks against."""
