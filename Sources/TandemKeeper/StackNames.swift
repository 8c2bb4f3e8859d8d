import TandemStack

// Foundation has a type of this name too; in here it means the stack's.

typealias Host = TandemStack.Host
