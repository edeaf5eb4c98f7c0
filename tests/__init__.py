"""The proof, by layer: unit, faults, vps; fakes are hand-made and shared."""
