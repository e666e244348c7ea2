"""The words every other room speaks: values, resources, snapshots, plans and the two ports to AWS."""
