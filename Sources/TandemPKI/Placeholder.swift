enum TandemPKIPlaceholder {}
