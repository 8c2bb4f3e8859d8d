import NIOCore
import NIOHTTP1
import NIOPosix

/// One GET on a connection of its own: all that a long poll needs.
struct HTTPGet: Sendable {
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: ByteBuffer
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A topology of 64 servers has some 15 KB.
    static let mostBytes = 1 << 20

    let url: AgentURL

    /// - Parameter timeout: for all of it, from dialling to the last byte.
    func get(query: String, timeout: Duration) async throws -> Answer {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(2))
            .connect(host: url.host, port: url.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        // Closing ends the reading below.
        let nanoseconds = timeout / .nanoseconds(1)
        let timer = channel.channel.eventLoop.scheduleTask(in: .nanoseconds(Int64(nanoseconds))) {
            channel.channel.close(promise: nil)
        }
        defer { timer.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            let head = HTTPRequestHead(
                version: .http1_1, method: .GET, uri: "\(url.path)?\(query)",
                headers: ["Host": "\(url.host):\(url.port)", "Connection": "close"])
            try await outbound.write(.head(head))
            try await outbound.write(.end(nil))
            return try await read(inbound)
        }
    }

    private func read(_ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws -> Answer {
        var answer: Answer?
        for try await part in inbound {
            switch part {
            case .head(let head):
                answer = Answer(status: Int(head.status.code), headers: head.headers, body: ByteBuffer())
            case .body(let bytes):
                guard (answer?.body.readableBytes ?? 0) + bytes.readableBytes <= Self.mostBytes else {
                    throw Failure(description: "the answer has more than \(Self.mostBytes) bytes")
                }
                answer?.body.writeImmutableBuffer(bytes)
            case .end:
                if let answer { return answer }
            }
        }
        throw Failure(description: "the connection ended before the answer did")
    }
}
