"""What an editor asks while files are written: what is wrong, what may stand here, what it is, and where else."""
