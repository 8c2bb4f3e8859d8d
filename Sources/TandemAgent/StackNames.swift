public import TandemStack

// Foundation has types of these names too; in here they mean the stack's.

public typealias Host = TandemStack.Host
public typealias Port = TandemStack.Port
