"""A dispatch system for trials, and the conversation that it is tried with: over HTTP alone, with public packages, as an integrator has it."""
