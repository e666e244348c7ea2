"""Declarative reconciler for AWS Fargate networking: no Kubernetes, no state file."""
