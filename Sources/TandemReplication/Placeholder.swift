enum TandemReplicationPlaceholder {}
