import Foundation
import TandemStack
import Testing

@testable import TandemBlueprint

/// Two lists that must agree: what my.cnf says after the user's settings, and what the stack file refuses.
@Suite struct OwnedSettingsTests {
    /// The names of the settings that my.cnf has after the user's own.
    private static let last: [String] = {
        let host = Sample.conduit.stack.hosts[2]
        guard let blueprint = try? Sample.conduit.blueprint(host),
            let file = blueprint.files.first(where: { $0.path.hasSuffix("/my.cnf") }),
            let mark = file.contents.range(of: "# From here on Tandem's own.")
        else { return [] }
        return FileBlueprint.effective(String(file.contents[mark.upperBound...])).split(separator: "\n").dropFirst()
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }()

    @Test func `a setting that my.cnf would override is refused with the reason`() {
        #expect(Self.last.count > 40)
        for name in Self.last {
            let text = "stack: shop\napp: {run: x}\ndatabase: {settings: {\(name): 1}}\n"
            #expect(throws: (any Error).self, "\(name) is taken from the user and has no effect") {
                _ = try StackFile(text: text, name: "tandem.yaml", folder: "/srv/shop").load()
            }
        }
    }

    @Test(arguments: [
        "local_infile", "log_timestamps", "max_binlog_size", "sql_require_primary_key",
        "sql_generate_invisible_primary_key", "log_bin_trust_function_creators", "default_time_zone",
        "binlog_transaction_compression", "replica_parallel_workers",
    ])
    func `what nothing of Tandem's rests on is the user's, and comes last`(name: String) throws {
        let text = "stack: shop\napp: {run: x}\ndatabase: {settings: {\(name): \"1\"}}\n"
        var stack = Sample.conduit.stack
        stack.database.settings = try StackFile(text: text, name: "tandem.yaml", folder: "/srv/shop").load().database
            .settings
        let host = stack.hosts[2]
        let blueprint = try HostBlueprint(stack: stack, host: host, layout: Sample.conduit.layout(host))
        let file = try #require(blueprint.files.first { $0.path.hasSuffix("/my.cnf") })
        let lines = file.contents.split(separator: "\n").filter { $0.hasPrefix("\(name) =") }
        #expect(lines.last == "\(name) = \"1\"")
    }
}
