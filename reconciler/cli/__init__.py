"""The command line: one module per command, found by name; a module with a leading underscore is none."""
