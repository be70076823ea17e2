"""Many conversations in many processes: who waits, who has which, who may speak. No Pipecat."""
