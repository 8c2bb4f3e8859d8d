enum TandemServicesPlaceholder {}
