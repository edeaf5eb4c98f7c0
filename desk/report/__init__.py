"""One self-contained page out of a study's answer: no script, no outside host, light and dark."""
