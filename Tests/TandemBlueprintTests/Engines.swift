import Foundation
import TandemBlueprint

/// The real programs, from the folder that `TANDEM_TEST_ENGINES` names.
struct TestEngines {
    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    let programs: Layout.Programs

    /// Throws, so that the tests fail, where there are no programs: a check that was skipped has not passed.
    init() throws {
        guard let folder = ProcessInfo.processInfo.environment["TANDEM_TEST_ENGINES"], !folder.isEmpty else {
            throw Missing(
                description: "TANDEM_TEST_ENGINES is not set: it names the folder with bin/haproxy, bin/nginx, "
                    + "bin/mysqld, bin/mysql and bin/etcd; run the tests with bin/test, which sets it")
        }
        func program(_ name: String) throws -> String {
            let path = "\(folder)/bin/\(name)"
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw Missing(description: "TANDEM_TEST_ENGINES=\(folder) has no program bin/\(name)")
            }
            return path
        }
        // Programs are links into the prefix that also holds their data files: PREFIX/usr/sbin/PROGRAM.
        func prefix(_ program: String) -> String {
            URL(fileURLWithPath: program).resolvingSymlinksInPath()
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        }
        let nginx = try program("nginx")
        let mysqld = try program("mysqld")
        programs = Layout.Programs(
            haproxy: try program("haproxy"), nginx: nginx, mimeTypes: "\(prefix(nginx))/etc/nginx/mime.types",
            mysqld: mysqld, mysql: try program("mysql"), mysqlBase: "\(prefix(mysqld))/usr",
            mysqlPlugins: "\(prefix(mysqld))/usr/lib/mysql/plugin", etcd: try program("etcd"),
            prometheus: try program("prometheus"), promtool: try program("promtool"),
            alertmanager: try program("prometheus-alertmanager"))
    }
}

/// The outcome of a program.
struct Outcome {
    var status: Int32
    var output: String
}

/// Runs a program to its end, with stdin from `input` (nothing by default).
func run(_ command: [String], in folder: String = "/", input: FileHandle = .nullDevice) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = input
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
}
