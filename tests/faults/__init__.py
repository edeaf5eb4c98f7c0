"""What tries to break the promises, each with a control that does break."""
