"""What every command does before and after the work: settings, plan, wiring, run."""
