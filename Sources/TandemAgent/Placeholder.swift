enum TandemAgentPlaceholder {}
