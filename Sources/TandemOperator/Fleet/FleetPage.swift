import Foundation
import TandemBlueprint
import TandemFleet
import TandemStack

/// The live page of a stack on hosts of its own. It is served on the operator's machine; what each browser is told
/// comes from the program on one of the hosts, over SSH. When that host is gone, the browser asks again, and another
/// host answers.
package struct FleetPage: Sendable {
    package let hosts: FleetHosts
    private let feed = PageFeed()

    package init(hosts: FleetHosts) { self.hosts = hosts }

    package func run(port: Int) async throws {
        // Exit status 4 before there is a page that shows nothing.
        _ = try await FleetReleases(hosts: hosts).state(hosts.anySession())
        // Whatever happens to a relay, its browser asks again.
        let listen = { @Sendable in feed.listen { try? await relay(to: $0) } }
        try await LivePage.serve(port: port, listen: listen) {
            defer { feed.end() }
            while true { try await Task.sleep(for: .seconds(3600)) }
        }
    }

    private func relay(to reader: PageFeed.Reader) async throws {
        let session = try await hosts.anySession()
        let file = "\(hosts.places.operatorFolder)/\(Project.fileName)"
        // Where this machine sleeps, the host's sshd may keep the other end for ever. The browser asks again by itself.
        let bound = ["timeout", "-k", "2", "1000"]
        let command =
            bound + OperatorMode.environment(stack: hosts.stack.name) + [
                HostPlaces.program, "host", "page", "--file", file,
            ]
        let process = session.process(command)
        let output = Pipe()
        process.standardOutput = output
        let (parts, source) = AsyncStream.makeStream(of: Data.self)
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { source.finish() } else { source.yield(data) }
        }
        defer { output.fileHandleForReading.readabilityHandler = nil }
        try process.run()
        defer { process.terminate() }
        var events = EventSplitter()
        for await part in parts {
            for event in try events.take(part) { reader.yield(event) }
        }
    }
}

/// Finds server-sent events in what arrives in parts: each ends with an empty line.
struct EventSplitter {
    private var rest: [UInt8] = []

    /// The hour of a large stack has some hundred kilobytes.
    static let mostBytes = 16 << 20

    struct TooLong: Error {}

    mutating func take(_ part: some Sequence<UInt8>) throws(TooLong) -> [String] {
        var events: [String] = []
        for byte in part {
            let isEnd = byte == UInt8(ascii: "\n") && rest.last == byte
            rest.append(byte)
            guard isEnd else { continue }
            events.append(String(decoding: rest, as: UTF8.self))
            rest = []
        }
        guard rest.count <= Self.mostBytes else { throw TooLong() }
        return events
    }
}
