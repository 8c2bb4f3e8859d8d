import Glibc
import TandemAgent
import TandemBlueprint
import TandemServices
import TandemStack

/// The front's listening sockets, by the number that balancers know them by.
///
/// Nobody may close the last copy while a stack runs: what waits in the kernel's queue would be lost. Every agent has
/// copies, so that any of them can start a keeper anew.
struct FrontSockets: Sendable {
    private(set) var descriptors: [Int32: Int32] = [:]

    /// The numbers and ports of a stack's front; empty where each balancer binds its own.
    static func wanted(_ applied: AppliedStack) -> [(descriptor: Int32, port: Int)] {
        guard let front = applied.front else { return [] }
        return [
            (front.httpDescriptor, applied.stack.balancer.httpPort.number),
            (front.httpsDescriptor, applied.stack.balancer.httpsPort.number),
        ]
    }

    /// Those that this process was handed when it was started.
    static func inherited(_ applied: AppliedStack) -> FrontSockets {
        var sockets = FrontSockets()
        for (descriptor, port) in wanted(applied)
        where ListenerCheck.isListening(descriptor, address: applied.frontAddress, port: port) {
            sockets.descriptors[descriptor] = descriptor
        }
        return sockets
    }

    /// - Parameter owners: processes that may have them under the same numbers; asked when we were handed none.
    /// - Throws: `StateError` when somebody else listens there.
    static func open(_ applied: AppliedStack, owners: [ProcessIdentity]) throws -> FrontSockets {
        var sockets = inherited(applied)
        for (descriptor, port) in wanted(applied) where sockets.descriptors[descriptor] == nil {
            sockets.descriptors[descriptor] =
                try copy(descriptor, port: port, from: owners, applied) ?? bind(port: port, applied.frontAddress)
        }
        return sockets
    }

    func close() {
        for socket in descriptors.values { _ = Glibc.close(socket) }
    }

    private static func bind(port: Int, _ address: String) throws -> Int32 {
        do {
            return try ListenerCheck.bindListener(address: address, port: port)
        } catch let error as ListenerCheck.BindError {
            throw StateError(
                "cannot listen on the front address \(address):\(port): \(error.reason)")
        }
    }

    private static func copy(
        _ descriptor: Int32, port: Int, from owners: [ProcessIdentity], _ applied: AppliedStack
    ) -> Int32? {
        owners.lazy.compactMap {
            ListenerCheck.copy(descriptor, of: $0, at: "\(applied.frontAddress):\(port)")
        }.first
    }
}
