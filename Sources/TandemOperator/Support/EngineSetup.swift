import Foundation
import TandemAgent
import TandemBlueprint
import TandemEngines
import TandemStack

/// Where the real servers come from: the engine store, or the machine's own programs that the stack file names.
package struct EngineSetup: Sendable {
    var own: Engines
    /// Whether Prometheus and Alertmanager are needed.
    var isMonitored = false

    package init(own: Engines, isMonitored: Bool = false) {
        self.own = own
        self.isMonitored = isMonitored
    }

    package init(_ stack: Stack) { self.init(own: stack.engines, isMonitored: stack.monitoring != nil) }

    package func store(progress: @escaping @Sendable (EngineProgress) -> Void) throws -> EngineStore {
        EngineStore(folder: try folder(), progress: progress)
    }

    /// Root's store, where ours lacks something and root's has it: others than root cannot write to it, so nothing is
    /// fetched twice.
    private func folder() throws -> String {
        let own = try Self.ownFolder()
        let shared = EngineStore.rootFolder
        let wanted = ownPrograms.enginesToFetch
        guard own != shared, ProcessInfo.processInfo.environment["TANDEM_ENGINES"] == nil,
            (try? EngineStore(folder: own).has(wanted)) != true, PathTrust.doubt(shared, user: 0) == nil,
            (try? EngineStore(folder: shared).has(wanted)) == true
        else { return own }
        return shared
    }

    /// - Throws: when somebody else could put programs there: they are run as us.
    package static func ownFolder() throws -> String {
        let folder = EngineStore.defaultFolder()
        for path in [folder, "\(folder)/engines.json"] where access(path, F_OK) == 0 {
            guard let reason = PathTrust.reason(path, geteuid()) else { continue }
            throw Failure(
                .failed,
                "the programs in \(folder) are not used: \(path) \(reason), and they would run as you.\n"
                    + "Name another folder with TANDEM_ENGINES, one that is yours or root's and that nobody else may write to."
            )
        }
        return folder
    }

    private var ownPrograms: OwnPrograms {
        OwnPrograms(
            haproxy: own.haproxy, nginx: own.nginx, mysqld: own.mysqld, mysql: own.mysql, etcd: own.etcd,
            isMonitored: isMonitored)
    }

    /// Whether nothing has to be fetched; asks no program.
    package func isComplete() throws -> Bool { try store(progress: { _ in }).has(ownPrograms.enginesToFetch) }

    /// Names of the engines that the store has to provide.
    package var missingFromStore: [String] { ownPrograms.enginesToFetch.map(\.rawValue) }

    /// Makes sure that the programs are there. A second run takes nothing.
    package func install(progress: @escaping @Sendable (EngineProgress) -> Void) async throws -> EngineSet {
        try await store(progress: progress).install(own: ownPrograms)
    }

    /// The programs if all are there already.
    package func installed() async throws -> EngineSet? {
        try await store(progress: { _ in }).installed(own: ownPrograms)
    }
}

extension EngineSet {
    package var layoutPrograms: Layout.Programs {
        Layout.Programs(
            haproxy: haproxy, nginx: nginx, mimeTypes: mimeTypes, mysqld: mysqld, mysql: mysql,
            mysqlBase: mysqlBase, mysqlPlugins: mysqlPlugins, etcd: etcd, prometheus: prometheus, promtool: promtool,
            alertmanager: alertmanager)
    }

    package var versionsByName: [String: String] {
        Dictionary(uniqueKeysWithValues: versions.map { ($0.key.rawValue, $0.value) })
    }

    /// Such as `HAProxy 3.0.11, nginx 1.26.3, MySQL 9.7.4`.
    var summary: String {
        Engine.allCases.compactMap { engine in versions[engine].map { "\(engine.title) \($0)" } }
            .joined(separator: ", ")
    }
}
