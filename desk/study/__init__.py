"""Did the news move the price? Scores beside the candles after them: `python -m desk study`."""
