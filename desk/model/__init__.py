"""Makes agent/news/model.bin from labelled headlines: `make model`."""
