enum TandemTopologyPlaceholder {}
