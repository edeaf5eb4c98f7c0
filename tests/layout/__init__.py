"""Checks of the source itself: who imports whom, what a pure module may do, how much code there is, how logs rotate."""
