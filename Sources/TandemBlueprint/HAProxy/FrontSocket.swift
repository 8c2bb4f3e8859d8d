import TandemStack

/// A listening socket of the front that a balancer's HAProxy is handed when it starts, and does not open itself.
public struct FrontSocket: Codable, Sendable, Equatable, CustomStringConvertible {
    /// Its number in HAProxy's process.
    public var descriptor: Int32
    /// IPv4. It may be another balancer's at this moment.
    public var address: String
    public var port: Int
    public var isEncrypted: Bool

    public init(descriptor: Int32, address: String, port: Int, isEncrypted: Bool) {
        self.descriptor = descriptor
        self.address = address
        self.port = port
        self.isEncrypted = isEncrypted
    }

    /// `ADDRESS:PORT`
    public var description: String { "\(address):\(port)" }
}

extension Site {
    /// The sockets that this host's HAProxy is handed; empty where it opens its own, or there is none.
    var frontSockets: [FrontSocket] {
        guard host.has(.balancer), let first = layout.front ?? (layout.keepsFrontSockets ? Layout.Front() : nil) else {
            return []
        }
        let addresses =
            layout.front == nil
            ? ([host.address] + stack.frontAddresses.map(\.address)).uniqued : [stack.listenAddress]
        return addresses.enumerated().flatMap { index, address in
            let offset = Int32(2 * index)
            return [
                FrontSocket(
                    descriptor: first.httpDescriptor + offset, address: address, port: stack.balancer.httpPort.number,
                    isEncrypted: false),
                FrontSocket(
                    descriptor: first.httpsDescriptor + offset, address: address,
                    port: stack.balancer.httpsPort.number, isEncrypted: true),
            ]
        }
    }
}
