import Foundation

/// A program that runs one of the loops and says what came out.
struct Contender: Sendable {
    var name: String
    var command: [String]
    var workloads: Set<Loop> = [.select, .insert, .stream]
    /// Whether a task waits for a connection in the client's pool, so that its latency includes that.
    var hasPool = true

    /// What is measured, on how many tasks.
    enum Loop: String, CaseIterable, Sendable { case select, insert, stream }

    struct Result: Decodable, Sendable {
        var perSecond: Double
        var cpuMicroseconds: Double
        var p50Microseconds: Double
        var p99Microseconds: Double
        /// By how much the peak of the process's memory rose.
        var growthMegabytes: Double
    }

    /// The word for our own cluster's reads differs from that for the client's.
    var selectWord = "select"

    func run(_ loop: Loop, tasks: Int, connections: Int, seconds: Double) throws -> Result {
        let output = try Program.succeed(
            command + [
                BenchServer.address, "\(BenchServer.port)", loop == .select ? selectWord : loop.rawValue, "\(tasks)",
                "\(connections)", "\(seconds)",
            ])
        return try JSONDecoder().decode(Result.self, from: Data(output.utf8))
    }
}

extension Contender {
    static let ours = "**MySQLConnector**, `client.query`"
    static let cluster = "**TandemMySQL**, `cluster.read`"
    static let c = "C, libmariadb"
    static let go = "Go, go-sql-driver"

    /// Builds what has to be built.
    ///
    /// - Parameters:
    ///   - load: our own program.
    ///   - sources: the folder with the others' loops.
    ///   - python: an interpreter that has asyncmy and mysqlclient.
    ///   - folder: for what is built.
    static func all(load: String, sources: String, python: String, folder: String) throws -> [Contender] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Program.succeed([
            "cc", "-O2", "-Wall", "-o", "\(folder)/load-c", "\(sources)/load.c", "-lmariadb", "-lpthread",
        ])
        try Program.succeed(
            ["go", "build", "-o", "\(folder)/load-go", "\(sources)/load.go"],
            environment: ["GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": "\(folder)/go-cache"])
        return [
            Contender(name: ours, command: [load]),
            Contender(name: cluster, command: [load], workloads: [.select], selectWord: "read"),
            Contender(name: c, command: ["\(folder)/load-c"], hasPool: false),
            Contender(name: go, command: ["\(folder)/load-go"]),
            Contender(name: "Python, asyncmy", command: [python, "\(sources)/load_asyncmy.py"]),
            Contender(
                name: "Python, mysqlclient", command: [python, "\(sources)/load_mysqlclient.py"], hasPool: false),
        ]
    }

    /// What was compared, for the report.
    static func versions(engines: String, python: String) throws -> String {
        let script =
            "import sys; from importlib.metadata import version; "
            + "print('Python', sys.version.split()[0], 'with asyncmy', version('asyncmy'), 'and mysqlclient', version('mysqlclient'))"
        let package = "golang-github-go-sql-driver-mysql-dev"
        let lines = try [
            Program.succeed(["\(engines)/bin/mysql", "--version"]).split(separator: " ").drop { $0 != "Ver" }
                .prefix(2).joined(separator: " ").replacingOccurrences(of: "Ver", with: "MySQL"),
            "libmariadb " + Program.succeed(["dpkg-query", "-W", "-f", "${Version}", "libmariadb3"]),
            Program.succeed(["go", "version"]).split(separator: " ")[2] + " with go-sql-driver "
                + Program.succeed(["dpkg-query", "-W", "-f", "${Version}", package]),
            Program.succeed([python, "-c", script]),
        ]
        return lines.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.joined(separator: "; ")
    }
}
