import Foundation

/// What is known of one installed engine.
public struct EngineRecord: Codable, Sendable, Equatable {
    /// One Debian package that went into it.
    public struct Package: Codable, Sendable, Equatable {
        public var name: String
        public var version: String
        public var architecture: String
        /// Of the package file, in lower-case hexadecimal digits.
        public var sha256: String
        /// Size of the package file.
        public var bytes: Int64
        /// The Debian suite that it was taken from, such as `trixie-security`.
        public var suite: String

        public init(
            name: String, version: String, architecture: String, sha256: String, bytes: Int64, suite: String
        ) {
            self.name = name
            self.version = version
            self.architecture = architecture
            self.sha256 = sha256
            self.bytes = bytes
            self.suite = suite
        }
    }

    public var engine: Engine
    /// What the program says of itself, such as `3.0.11`.
    public var version: String
    /// The folder that holds it, absolute. It cannot be moved: its path is written into the programs.
    public var prefix: String
    /// Programs, and files and folders that others need, by name; absolute.
    public var programs: [String: String]
    public var packages: [Package]
    /// On disk.
    public var bytes: Int64
    public var installedAt: Date
    /// Whether it is the one that is used: the others were replaced by an update.
    public var isCurrent: Bool

    public init(
        engine: Engine, version: String, prefix: String, programs: [String: String], packages: [Package],
        bytes: Int64, installedAt: Date, isCurrent: Bool
    ) {
        self.engine = engine
        self.version = version
        self.prefix = prefix
        self.programs = programs
        self.packages = packages
        self.bytes = bytes
        self.installedAt = installedAt
        self.isCurrent = isCurrent
    }

    /// Whether all that it names is still there.
    var isIntact: Bool {
        let recipe = engine.recipe
        return !packages.isEmpty
            && recipe.programs.keys.allSatisfy { isExecutableFile(programs[$0] ?? "") }
            && recipe.places.keys.allSatisfy { isReadable(programs[$0] ?? "") }
    }
}

/// The file that says what is installed. An engine that it does not name is not installed, whatever lies in
/// the folder.
struct RecordFile: Codable, Sendable, Equatable {
    static let name = "engines.json"
    static let currentFormat = 1

    var format: Int
    var engines: [EngineRecord]

    init(format: Int = currentFormat, engines: [EngineRecord] = []) {
        self.format = format
        self.engines = engines
    }

    /// Engines that this version does not know were installed by a later one, and are nobody's mistake: they are left
    /// out.
    init(from decoder: any Decoder) throws {
        struct Entry: Decodable {
            struct Name: Decodable { var engine: String }
            var record: EngineRecord?

            init(from decoder: any Decoder) throws {
                let name = try Name(from: decoder).engine
                record = Engine(rawValue: name) == nil ? nil : try EngineRecord(from: decoder)
            }
        }
        let values = try decoder.container(keyedBy: CodingKeys.self)
        format = try values.decode(Int.self, forKey: .format)
        engines = try values.decode([Entry].self, forKey: .engines).compactMap(\.record)
    }

    /// - Throws: ``EngineError`` if the file cannot be read. A missing file is an empty record.
    static func read(folder: String) throws -> RecordFile {
        let path = "\(folder)/\(name)"
        guard let bytes = try readFile(path) else { return RecordFile() }
        do {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            let file = try decoder.decode(RecordFile.self, from: bytes)
            guard file.format == currentFormat else {
                throw EngineError(
                    .folder, doing: "read \(path)", what: "it has format \(file.format), not \(currentFormat)",
                    next: "It was written by another version of Tandem: use that, or delete \(folder).")
            }
            return file
        } catch let error as DecodingError {
            throw EngineError(
                .folder, doing: "read \(path)", what: "it is damaged: \(error)",
                next: "Delete \(path); the engines are then fetched again.")
        }
    }

    func write(folder: String) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try writeFileAtomically("\(folder)/\(Self.name)", try encoder.encode(self))
    }

    func current(_ engine: Engine) -> EngineRecord? {
        engines.last { $0.engine == engine && $0.isCurrent }
    }

    /// The records of all the given engines if every one is there and intact.
    func intact(_ wanted: [Engine]) -> [EngineRecord]? {
        let found = wanted.compactMap { current($0) }.filter(\.isIntact)
        return found.count == wanted.count ? found : nil
    }

    /// Makes a record the current one of its engine. An older record of the same prefix is replaced.
    mutating func add(_ record: EngineRecord) {
        engines.removeAll { $0.prefix == record.prefix }
        for index in engines.indices where engines[index].engine == record.engine {
            engines[index].isCurrent = false
        }
        engines.append(record)
    }
}
