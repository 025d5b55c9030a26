"""Several hosts on this machine, whose links are cut and whose processes are killed: what promise 28 is tried on."""
