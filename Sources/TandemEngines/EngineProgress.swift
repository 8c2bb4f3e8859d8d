/// What the engine store is doing. ``description`` is one line for people, without a line break.
public enum EngineProgress: Sendable, Equatable, CustomStringConvertible {
    /// Another run holds the store's lock; nil if its process is not known.
    case waiting(holder: Int32?)
    /// The package index of a Debian release is being fetched.
    case readingIndex(suite: String)
    /// What has to be fetched for an engine; 0 packages if all of it is here already.
    case planned(Engine, version: String, packages: Int, bytes: Int64)
    /// The download of one package begins. `index` counts from 1 to `count` within the engine.
    case downloading(Engine, package: String, version: String, bytes: Int64, index: Int, count: Int)
    case unpacking(Engine, packages: Int)
    /// The programs are bound to the libraries that came with them.
    case patching(Engine)
    /// The programs are run to see that they work.
    case verifying(Engine)
    case installed(Engine, version: String, bytes: Int64, took: Duration)
    /// Something worth knowing that does not stop the work.
    case note(String)

    public var description: String {
        switch self {
        case .waiting(let holder?): "another run (process \(holder)) is working on the engines; waiting for it"
        case .waiting(nil): "another run is working on the engines; waiting for it"
        case .readingIndex(let suite): "reading Debian's index of \(suite)"
        case .planned(let engine, let version, 0, _): "\(engine.title) \(version): all packages are here already"
        case .planned(let engine, let version, let packages, let bytes):
            "\(engine.title) \(version): fetching \(packages) packages, \(megabytes(bytes))"
        case .downloading(_, let package, let version, let bytes, let index, let count):
            "  [\(index)/\(count)] \(package) \(version), \(megabytes(bytes))"
        case .unpacking(let engine, let packages): "\(engine.title): unpacking \(packages) packages"
        case .patching(let engine): "\(engine.title): binding the programs to their own libraries"
        case .verifying(let engine): "\(engine.title): trying the programs"
        case .installed(let engine, let version, let bytes, let took):
            "\(engine.title) \(version) is ready: \(megabytes(bytes)) on disk, \(seconds(took))"
        case .note(let text): text
        }
    }
}

/// Such as `2.8 MB`.
func megabytes(_ bytes: Int64) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return bytes > 0 && tenths == 0 ? "<0.1 MB" : "\(tenths / 10).\(tenths % 10) MB"
}

/// Such as `3.1 s`.
func seconds(_ duration: Duration) -> String {
    let tenths = (duration.components.seconds * 10) + duration.components.attoseconds / 100_000_000_000_000_000
    return "\(tenths / 10).\(tenths % 10) s"
}
