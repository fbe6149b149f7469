"""KEK, tenant-region keys and document keys, in a store of their own outside point-in-time backups."""
