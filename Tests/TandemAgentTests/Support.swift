import Foundation
import Glibc
import Logging
import TandemBlueprint
import TandemReplication
import TandemServices
import TandemStack
import Testing

@testable import TandemAgent

// Foundation has types of these names too; in here they mean the stack's.
typealias Host = TandemStack.Host
typealias Port = TandemStack.Port

let quietLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// A folder of one test's own, deleted with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/tandem-agent-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) -> String { (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? "" }

    func put(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func make(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }
}

/// Waits until a condition holds; the bound is there to end a broken test, not to measure.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// What stat(2) says. Not its own structure: which of the modules that know that one gives its members depends on what
/// else is compiled beside a file.
struct FileStatus {
    var st_mode: mode_t
    var st_uid: Int
    var st_gid: Int
    var st_ino: Int
    var modified: Date?
}

/// Mode, owner and inode of what is at a path, links not followed.
func status(_ path: String) -> FileStatus? {
    guard let found = try? FileManager.default.attributesOfItem(atPath: path),
        let permissions = found[.posixPermissions] as? Int, let type = found[.type] as? FileAttributeType
    else { return nil }
    let kind: mode_t =
        switch type {
        case .typeRegular: S_IFREG
        case .typeDirectory: S_IFDIR
        case .typeSymbolicLink: S_IFLNK
        default: 0
        }
    return FileStatus(
        st_mode: kind | mode_t(permissions), st_uid: found[.ownerAccountID] as? Int ?? -1,
        st_gid: found[.groupOwnerAccountID] as? Int ?? -1, st_ino: found[.systemFileNumber] as? Int ?? -1,
        modified: found[.modificationDate] as? Date)
}

func permissions(_ path: String) -> Int? { status(path).map { Int($0.st_mode & 0o7777) } }

extension Stack {
    /// - Parameter prefix: the first three octets of the hosts' addresses.
    static func sample(_ prefix: String, hosts names: [String] = ["lb1", "lb2", "server1", "server2"]) -> Stack {
        Stack(
            name: "shop", domain: "localhost",
            hosts: names.enumerated().map { index, name in
                Host(
                    name: name, address: "\(prefix).\(11 + index)",
                    roles: name.hasPrefix("lb") ? [.balancer] : [.web, .app, .database])
            },
            balancer: Balancer(
                algorithm: .roundrobin, httpPort: Port(8080, isFixed: false), httpsPort: Port(8443, isFixed: false),
                maxConnections: 100),
            web: Web(staticFolder: nil, bodyLimitBytes: 1 << 20),
            app: App(
                run: "./shop", workingDirectory: "/", health: "/health", environment: [:], secrets: [:], instances: 1,
                startTimeoutSeconds: 30, requestTimeoutSeconds: 30, stopTimeoutSeconds: 10),
            database: Database(name: "shop", settings: [:]), engines: Engines())
    }
}

extension Layout.Programs {
    static let none = Layout.Programs(
        haproxy: "/none/haproxy", nginx: "/none/nginx", mimeTypes: "/none/mime.types", mysqld: "/none/mysqld",
        mysql: "/none/mysql", mysqlBase: "/none", mysqlPlugins: "/none", etcd: "/none/etcd")
}

extension AppliedStack {
    static func sample(_ stack: Stack, file: String = "/project/tandem.yaml") -> AppliedStack {
        AppliedStack(
            stack: stack, stackFile: file, programs: .none, versions: [:], front: Layout.Front())
    }
}

extension StackFolder {
    /// A stack's folder inside a test's own.
    init(in folder: TemporaryFolder) { self.init(path: "\(folder.path)/state", environment: [:]) }
}

extension StackPreparation {
    init(_ stack: Stack, in folder: TemporaryFolder) {
        self.init(
            stack: stack, stackFile: "\(folder.path)/tandem.yaml", folder: StackFolder(in: folder),
            programs: .none, versions: [:])
    }
}
