"""Holding stacks at their desired state: when to run a pass, and what to say of it."""
