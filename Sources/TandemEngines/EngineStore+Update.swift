extension EngineStore {
    /// What an update did with one engine.
    public enum Update: Sendable, Equatable, CustomStringConvertible {
        case unchanged(EngineRecord)
        /// The old prefix stays until it is removed, so that what runs from it goes on.
        case updated(from: EngineRecord, to: EngineRecord)
        /// Not updated; the error says why and what can be done.
        case held(EngineRecord, EngineError)

        public var description: String {
            switch self {
            case .unchanged(let record): "\(record.engine.title) \(record.version) is the newest"
            case .updated(let old, let new):
                "\(new.engine.title) \(new.version) replaces \(old.version); new packages: "
                    + Self.changes(from: old, to: new).joined(separator: ", ")
            case .held(let record, let error): "\(record.engine.title) stays at \(record.version): \(error)"
            }
        }

        /// The packages that the old record does not have in the same version.
        private static func changes(from old: EngineRecord, to new: EngineRecord) -> [String] {
            let known = Set(old.packages.map(\.sha256))
            return new.packages.filter { !known.contains($0.sha256) }.map { "\($0.name) \($0.version)" }
        }
    }

    /// Brings installed engines up to date, with the libraries that came with them. Those that are not installed are
    /// left out.
    /// - Parameter allowSeriesChange: whether MySQL and etcd may move to another series, which changes their data for
    ///   good.
    public func update(
        _ engines: [Engine] = Engine.allCases, allowSeriesChange: Bool = false
    ) async throws -> [Update] {
        try await locked {
            let file = try RecordFile.read(folder: folder)
            try sweep(file)
            let known = engines.compactMap { file.current($0) }
            var held: [Engine: EngineError] = [:]
            try await build(known.map(\.engine), allowsStale: false) { engine, build in
                guard let old = file.current(engine) else { return false }
                if try build.prefix == old.prefix && old.isIntact { return false }
                if let lack = build.workspace.lack, old.hasPackages(from: lack.suites) {
                    held[engine] = lack.error
                    return false
                }
                do {
                    try Self.checkSeries(from: old, to: try build.version, allowsChange: allowSeriesChange)
                    return true
                } catch let error as EngineError where error.reason == .series {
                    held[engine] = error
                    return false
                }
            }
            let now = try RecordFile.read(folder: folder)
            return known.map { old in
                if let error = held[old.engine] { return .held(old, error) }
                guard let new = now.current(old.engine), new.prefix != old.prefix else { return .unchanged(old) }
                return .updated(from: old, to: new)
            }
        }
    }

    /// Deletes engines from the store.
    /// - Parameter onlyReplaced: leaves the current ones alone and deletes those that updates have replaced.
    /// - Returns: what was deleted.
    /// - Throws: ``EngineError`` with reason `inUse`, before anything is deleted, if processes run from them.
    @discardableResult
    public func remove(
        _ engines: [Engine] = Engine.allCases, onlyReplaced: Bool = false
    ) async throws -> [EngineRecord] {
        guard isReadable(folder) else { return [] }
        return try await locked {
            var file = try RecordFile.read(folder: folder)
            let leaving = file.engines.filter { engines.contains($0.engine) && !(onlyReplaced && $0.isCurrent) }
            for record in leaving {
                let users = ProcessTable.users(of: record.prefix)
                guard users.isEmpty else {
                    throw EngineError(
                        .inUse, doing: "remove \(record.engine.title) \(record.version)",
                        what: "processes run from it: \(users.map(String.init).joined(separator: ", "))",
                        next: "Stop the stacks that use it (`tandem down`) and try again.")
                }
            }
            // The record first: a prefix without a record is swept, a record without a prefix would be a lie.
            file.engines.removeAll { leaving.contains($0) }
            try file.write(folder: folder)
            // Only inside the store, whatever path a record has: it may have been edited, or written elsewhere.
            try sweep(file)
            if !onlyReplaced { try removeWorkspaces() }
            return leaving
        }
    }
}

extension EngineRecord {
    /// Without a suite that the old packages came from, "newest" would be a step back.
    func hasPackages(from suites: [String]) -> Bool { packages.contains { suites.contains($0.suite) } }
}
