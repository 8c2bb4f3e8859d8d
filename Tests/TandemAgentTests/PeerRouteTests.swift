import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import TandemFailover
import TandemFailoverDriver
import TandemStack
import Testing

@testable import TandemAgent

@Suite("What agents say to each other")
struct PeerRouteTests {
    private let names = HostNames(["server1", "server2", "lb1"])

    @Test("keeps its form, with hosts by name")
    func form() throws {
        let status = PeerStatus(epoch: 3, stateRevision: 71, serverAnswers: true, hears: HostSet(HostID(1), HostID(2)))
        let messages: [PeerMessage] = [
            .status(status), .question(7),
            .answer(
                question: 7, epoch: 3,
                ServerTransactions(executed: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5", purged: "")),
        ]
        let texts = try messages.map { String(decoding: try PeerRoute.encode($0, names), as: UTF8.self) }
        #expect(texts[0].contains(#""hears":["server2","lb1"]"#) && texts[0].hasPrefix(#"{"status":{"#))
        #expect(texts[1] == #"{"question":7}"#)
        #expect(
            texts[2]
                == #"{"inventory":{"epoch":3,"executed":"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5","purged":""},"question":7}"#
        )
        for (message, text) in zip(messages, texts) {
            let read = try PeerRoute.decode(Data(text.utf8), names)
            #expect(read == message)
        }
    }

    @Test("comes from the host that the certificate names, from agents alone, and in bounds")
    func sender() async throws {
        let heard = Heard()
        let route = PeerRoute(stack: "shop", names: names) { message, host in
            heard.messages.withLock { $0.append((message, host)) }
        }
        let server = try await AgentAPIServer(peers: route)
        try await server.run(showing: server.ofAgent("server2")) { client in
            let good = try await post(#"{"question":7}"#, client, server)
            let bad = try await post("{}", client, server)
            let long = try await post(String(repeating: " ", count: PeerRoute.largestMessage + 1), client, server)
            #expect((good, bad, long) == (204, 400, 413))
        }
        #expect(heard.messages.withLock { $0.map(\.1) } == [HostID(1)])
    }

    @Test("is answered with this host's status, where that is asked for, to a status")
    func reply() async throws {
        let status = PeerStatus(epoch: 3, serverAnswers: true)
        let route = PeerRoute(
            stack: "shop", names: names, receive: { _, _ in }, reply: { $0 == HostID(1) ? status : nil })
        let word = String(decoding: try PeerRoute.encode(.status(PeerStatus()), names), as: UTF8.self)
        let server = try await AgentAPIServer(peers: route)
        try await server.run(showing: server.ofAgent("server2")) { client in
            let asked = try await exchange(word, "/peer?reply", client, server)
            #expect(asked.code == 200)
            #expect(try PeerRoute.decode(asked.body, names) == .status(status))
            for (message, path) in [(word, "/peer"), (#"{"question":7}"#, "/peer?reply")] {
                let other = try await exchange(message, path, client, server)
                #expect(other.code == 204 && other.body.isEmpty, "\(path)")
            }
        }
        let another = try await AgentAPIServer(peers: route)
        try await another.run(showing: another.ofAgent("server1")) { client in
            let unanswered = try await exchange(word, "/peer?reply", client, another)
            #expect(unanswered.code == 204)
        }
    }

    @Test("is not taken from the command line, without a certificate, or from a host that takes no part")
    func strangers() async throws {
        let heard = Heard()
        let route = PeerRoute(stack: "shop", names: names) { message, host in
            heard.messages.withLock { $0.append((message, host)) }
        }
        for shown in ["command line", "nobody", "lb2"] {
            let server = try await AgentAPIServer(peers: route)
            let certificate = shown == "nobody" ? nil : shown == "lb2" ? server.ofAgent("lb2") : server.own
            try await server.run(showing: certificate) { client in
                let code = try await post(#"{"question":7}"#, client, server)
                #expect(code == 403, "\(shown)")
            }
        }
        #expect(heard.messages.withLock { $0.isEmpty })
    }
}

private final class Heard: Sendable {
    let messages = Mutex<[(PeerMessage, HostID)]>([])
}

private func post(_ body: String, _ client: HTTPClient, _ server: AgentAPIServer) async throws -> UInt {
    try await exchange(body, "/peer", client, server).code
}

private func exchange(_ body: String, _ path: String, _ client: HTTPClient, _ server: AgentAPIServer) async throws
    -> (code: UInt, body: Data)
{
    var request = HTTPClientRequest(url: "https://\(AgentAPIServer.host.address):\(server.port)\(path)")
    request.method = .POST
    request.body = .bytes(ByteBuffer(string: body))
    let response = try await client.execute(request, timeout: .seconds(60))
    return (response.status.code, Data(try await response.body.collect(upTo: 65_536).readableBytesView))
}
