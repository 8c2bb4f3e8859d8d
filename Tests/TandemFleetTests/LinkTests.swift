import Foundation
import Testing

@testable import TandemFleet

/// Links between hosts that are cut, in one direction or both, and hosts that are cut off from etcd:
/// `TANDEM_TEST_LINKS=1`, on hosts of `bin/lab`.
@Suite(
    "Links that are cut", .serialized, .timeLimit(.minutes(60)),
    .enabled(
        if: LabHosts.folder != nil && LabHosts.programs != nil
            && ProcessInfo.processInfo.environment["TANDEM_TEST_LINKS"] != nil,
        "long; TANDEM_TEST_LINKS=1 and TANDEM_TEST_LAB"))
struct LinkTests {
    /// What is dropped, and for how long.
    private struct Cut {
        var name: String
        /// A host with what it drops of what arrives.
        var drops: [(host: String, rule: String)]
    }

    private static let cutTime = Duration.seconds(15)
    private let stack = LabStack()

    private static func cuts(_ primary: String, _ partner: String) -> [Cut] {
        let address = LabHosts.addresses
        func from(_ host: String, _ ports: String = "") -> String {
            "ip saddr \(address[host] ?? "") \(ports) counter drop"
        }
        let others = ["lb1", "lb2", primary, partner]
        // A host's own etcd is another's, too: it hears no member, and none hears it.
        func store(_ host: String) -> [(String, String)] {
            others.filter { $0 != host }.flatMap { other in
                [(host, from(other, "tcp dport { 2379, 2380 }")), (host, from(other, "tcp sport { 2379, 2380 }"))]
            }
        }
        return [
            Cut(name: "from the primary to its partner", drops: [(partner, from(primary))]),
            Cut(name: "from the partner to its primary", drops: [(primary, from(partner))]),
            Cut(name: "between the two", drops: [(partner, from(primary)), (primary, from(partner))]),
            Cut(
                name: "of replication, towards the partner",
                drops: [(partner, from(primary, "tcp sport 3306"))]),
            Cut(
                name: "of replication, towards the primary",
                drops: [(primary, from(partner, "tcp dport 3306"))]),
            Cut(name: "between the primary and etcd", drops: store(primary)),
            Cut(name: "between the partner and etcd", drops: store(partner)),
        ]
    }

    @Test("no acknowledged write is lost, both servers have the same in the end, and the pair comes back by itself")
    func cuts() async throws {
        defer { stack.deleteFolder() }
        let programs = try #require(LabHosts.programs)
        let app = "run: 'LD_LIBRARY_PATH=$PWD/lib MARIADB_PLUGIN_DIR=$PWD/lib exec ./conduit'\nfiles: [conduit, lib]"
        try stack.write("tandem.yaml", try LabStack.file(app: app))
        // With the libraries that the hosts lack. Those of the C library have to be the host's own.
        let copying = """
            set -e
            mkdir "$2/lib"
            cp "$1/conduit" "$2"
            ldd "$2/conduit" | awk '$3 ~ /^\\// { print $3 }' | grep -vE '/(libc|libm|libdl|librt|libpthread)\\.so' \
                | xargs cp --dereference --target-directory="$2/lib"
            cp "$(dirname "$(ldd "$2/conduit" | awk '/libmariadb/ { print $3 }')")"/libmariadb3/plugin/*.so "$2/lib"
            """
        let copied = try await BoundedCommand(
            program: "sh", arguments: ["-c", copying, "sh", programs, stack.folder], outputLimitBytes: 1 << 16,
            limit: .seconds(60)
        ).run()
        try #require(copied.status == 0, "\(copied.errors)")
        do {
            try await stack.succeed("up")
            for number in Self.cuts("", "").indices { try await cut(number) }
        } catch {
            for host in LabHosts.addresses.keys { _ = try? await heal(host) }
            try await stack.succeed("destroy", "--yes")
            throw error
        }
        try await stack.succeed("destroy", "--yes")
    }

    private func whole() async throws -> LabStack.Status.Database {
        var last: LabStack.Status.Database?
        try await stack.eventually("the pair does not come back", seconds: 180) {
            let status = try await stack.status()
            last = status?.database
            return status?.state == "up" && last?.sync == "pair"
        }
        return try #require(last)
    }

    private func cut(_ number: Int) async throws {
        let before = try await whole()
        let primary = try #require(before.primary)
        let partner = primary == "server1" ? "server2" : "server1"
        let cut = Self.cuts(primary, partner)[number]
        async let posting = posts("cut\(number)", seconds: 60)
        try await Task.sleep(for: .seconds(5))
        for host in Set(cut.drops.map(\.host)).sorted() {
            let rules = cut.drops.filter { $0.host == host }.map { "add rule inet trial arriving \($0.rule)" }
            let lines =
                ["add table inet trial", "add chain inet trial arriving { type filter hook input priority -300; }"]
                + rules
            let said = try await stack.shell(host, "nft -f - <<'END'\n\(lines.joined(separator: "\n"))\nEND\necho $?")
            try #require(said == "0", "\(said)")
        }
        try await Task.sleep(for: Self.cutTime)
        for host in Set(cut.drops.map(\.host)).sorted() {
            let rules = try await stack.shell(host, "nft list table inet trial")
            #expect(rules.contains(/packets [1-9]/), "\(host) dropped nothing: \(rules)")
            _ = try await heal(host)
        }
        let posted = try await posting
        let after = try await whole()
        let led = after.primary == primary ? "\(primary) leads on" : "\(after.primary ?? "nobody") leads"
        print(
            "cut \(cut.name): \(posted.acknowledged.count) writes acknowledged, \(posted.failed.count) failed, \(posted.unknown) unknown, "
                + "longest pause \(posted.longest_pause_ms) ms; \(led), epoch \(before.epoch) to \(after.epoch)")
        // An app that cannot reach the primary over the link that is cut says so once it has waited; nobody else fails.
        #expect(posted.failed.allSatisfy { $0.hasPrefix("503: ") }, "\(posted.failed.prefix(3))")
        #expect(posted.acknowledged.count > 200)
        var titles: [[String]] = []
        for host in [primary, partner] {
            let text = try await stack.succeed("mysql", host, "--", "-N", "-e", "SELECT title FROM farm.article")
            titles.append(text.split(separator: "\n").map(String.init).sorted())
            let missing = Set(posted.acknowledged).subtracting(titles.last ?? [])
            #expect(missing.isEmpty, "\(cut.name): \(host) lacks \(missing.sorted().prefix(5))")
        }
        #expect(titles.first == titles.last, "\(cut.name): the servers differ")
    }

    private func heal(_ host: String) async throws -> String {
        try await stack.shell(host, "nft delete table inet trial 2>/dev/null; true")
    }

    private struct Posted: Decodable {
        var acknowledged: [String]
        var failed: [String]
        var unknown: Int
        var longest_pause_ms: Int
    }

    private func posts(_ prefix: String, seconds: Int) async throws -> Posted {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Clients/posts.py").path
        let outcome = try await BoundedCommand(
            program: "python3", arguments: [script, LabStack.front, prefix, "\(seconds)"], outputLimitBytes: 1 << 24,
            limit: .seconds(seconds + 60)
        ).run()
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode(Posted.self, from: Data(outcome.output))
    }
}
