"""The owner's fire drill: faults for a copy of the bot, beside the running one and away from its records."""
