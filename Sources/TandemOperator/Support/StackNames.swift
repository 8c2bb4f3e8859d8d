import TandemStack

// Foundation has types of these names too; in here they mean the stack's.

package typealias Host = TandemStack.Host
typealias Port = TandemStack.Port
