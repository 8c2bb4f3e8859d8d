enum TandemEnginesPlaceholder {}
