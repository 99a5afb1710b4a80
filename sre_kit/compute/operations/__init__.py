"""The work that comes back: tasks, backups, patches, changes, and what could run by itself."""
