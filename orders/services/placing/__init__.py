"""From a checkout to orders that their vendors see."""
