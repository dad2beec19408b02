"""Pure translation between what stands here and how others write it: no database, no network, no clock."""
