import Foundation
import TandemAgent
import TandemBlueprint
import TandemEngines
import TandemStack

/// Where the real servers come from: the engine store, or the machine's own programs that the stack file names.
struct EngineSetup: Sendable {
    var accounts: Accounts
    var own: Engines

    func store(progress: @escaping @Sendable (EngineProgress) -> Void) -> EngineStore {
        EngineStore(
            folder: EngineStore.defaultFolder(),
            account: accounts.engine.map { .init(userID: $0.user, groupID: $0.group) }, progress: progress)
    }

    private var ownPrograms: OwnPrograms {
        OwnPrograms(haproxy: own.haproxy, nginx: own.nginx, mysqld: own.mysqld, mysql: own.mysql)
    }

    /// Makes sure that the programs are there. A second run takes nothing.
    func install(progress: @escaping @Sendable (EngineProgress) -> Void) async throws -> EngineSet {
        try await store(progress: progress).install(own: ownPrograms)
    }

    /// The programs if all are there already.
    func installed() async throws -> EngineSet? {
        try await store(progress: { _ in }).installed(own: ownPrograms)
    }
}

extension EngineSet {
    var layoutPrograms: Layout.Programs {
        Layout.Programs(
            haproxy: haproxy, nginx: nginx, mimeTypes: mimeTypes, mysqld: mysqld, mysql: mysql,
            mysqlBase: mysqlBase, mysqlPlugins: mysqlPlugins)
    }

    var versionsByName: [String: String] {
        Dictionary(uniqueKeysWithValues: versions.map { ($0.key.rawValue, $0.value) })
    }

    /// Such as `HAProxy 3.0.11, nginx 1.26.3, MySQL 9.7.4`.
    var summary: String {
        Engine.allCases.compactMap { engine in versions[engine].map { "\(engine.title) \($0)" } }
            .joined(separator: ", ")
    }
}
