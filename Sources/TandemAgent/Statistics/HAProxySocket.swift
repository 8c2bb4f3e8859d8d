import NIOCore
import NIOPosix

/// HAProxy's administrative socket: one command, one answer, then it closes.
enum HAProxySocket {
    private static let longestAnswerBytes = 4 << 20

    /// - Parameter patience: how long it may take. A HAProxy that is frozen accepts nothing and says nothing.
    /// - Throws: when nobody listens, or the answer is not whole in time.
    static func ask(_ command: String, at path: String, patience: TimeAmount) async throws -> String {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(patience)
            .connect(unixDomainSocketPath: path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let timer = channel.channel.eventLoop.scheduleTask(in: patience) { channel.channel.close(promise: nil) }
        defer { timer.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: command + "\n"))
            var answer = ByteBuffer()
            for try await var part in inbound {
                answer.writeBuffer(&part)
                guard answer.readableBytes <= longestAnswerBytes else {
                    throw StateError("HAProxy answers '\(command)' at \(path) with more than 4 MB")
                }
            }
            return String(buffer: answer)
        }
    }
}
